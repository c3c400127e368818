//! Settings from one secret of AWS Secrets Manager (`secrets.url`): a JSON
//! object whose keys are names of settings.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Region;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use serde_json::Value;
use url::{Host, Url};
use usermgmt_core::secret::Redacted;

/// How long the whole look-up may take, with the retries of the SDK.
const TIMEOUT: Duration = Duration::from_secs(10);

/// `aws-secretsmanager://REGION/NAME[?endpoint=URL]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretsUrl {
    region: String,
    name: String,
    endpoint: Option<String>,
}

/// What the secret holds, by the name of the setting.
#[derive(Clone)]
pub(crate) struct Secrets(pub(crate) BTreeMap<String, Redacted<String>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secrets").field(&self.0.keys()).finish()
    }
}

impl SecretsUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected aws-secretsmanager://REGION/NAME";
        let url = Url::parse(text).map_err(|_| EXPECTED.to_owned())?;
        if url.scheme() != "aws-secretsmanager" {
            return Err(EXPECTED.to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
            return Err(format!(
                "{EXPECTED}: credentials come from the environment, a profile, the container or \
                 the instance"
            ));
        }
        let region = match url.host() {
            Some(Host::Domain(region)) if is_region(region) => region.to_owned(),
            _ => return Err(EXPECTED.to_owned()),
        };
        let name = percent_encoding::percent_decode_str(url.path().trim_start_matches('/'))
            .decode_utf8()
            .map_err(|_| EXPECTED.to_owned())?
            .into_owned();
        if name.is_empty() {
            return Err(EXPECTED.to_owned());
        }
        let mut endpoint = None;
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "endpoint" if endpoint.is_none() => endpoint = Some(check_endpoint(&value)?),
                "endpoint" => return Err("has endpoint twice".to_owned()),
                other => return Err(format!("has the unknown option {other:?}; endpoint is known")),
            }
        }
        Ok(Self { region, name, endpoint })
    }

    /// Asks for the secret.
    pub(crate) async fn fetch(&self) -> Result<Secrets, String> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_timeout(TIMEOUT)
            .build();
        let mut settings = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .timeout_config(timeouts);
        if let Some(endpoint) = &self.endpoint {
            settings = settings.endpoint_url(endpoint);
        }
        let client = Client::new(&settings.load().await);
        let answer = client.get_secret_value().secret_id(&self.name).send().await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(refused) => {
                let code = refused.code().unwrap_or("unknown error");
                format!("{code} for {:?} in {}", self.name, self.region)
            }
            None => format!("{} cannot be reached: {}", self.region, chain(&error)),
        })?;
        let text = answer.secret_string().ok_or("the secret is binary; a JSON object is expected")?;
        Secrets::parse(text)
    }
}

impl Secrets {
    /// Reads the object. Nothing that is said about it quotes a value.
    fn parse(text: &str) -> Result<Self, String> {
        let object = match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            _ => return Err("the secret is no JSON object".to_owned()),
        };
        let mut values = BTreeMap::new();
        for (key, value) in object {
            let value = match value {
                Value::String(text) => text,
                Value::Bool(flag) => flag.to_string(),
                Value::Number(number) => number.to_string(),
                _ => return Err(format!("the secret's {key:?} is no text, number or boolean")),
            };
            values.insert(key, Redacted::new(value));
        }
        Ok(Self(values))
    }
}

fn is_region(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn check_endpoint(endpoint: &str) -> Result<String, String> {
    let url = Url::parse(endpoint).map_err(|error| format!("endpoint: {error}"))?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(endpoint.to_owned()),
        "http" if is_loopback => Ok(endpoint.to_owned()),
        _ => Err("endpoint: expected https://; http:// would send secrets in clear".to_owned()),
    }
}

/// An error with its causes: the outer ones say little here.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_name_and_endpoint_are_read() {
        let url = SecretsUrl::parse(
            "aws-secretsmanager://eu-west-1/web3m-test-secrets?endpoint=http://127.0.0.1:5000",
        );
        let expected = SecretsUrl {
            region: "eu-west-1".to_owned(),
            name: "web3m-test-secrets".to_owned(),
            endpoint: Some("http://127.0.0.1:5000".to_owned()),
        };
        assert_eq!(url, Ok(expected));
        let name = SecretsUrl::parse("aws-secretsmanager://eu-west-1/team/shop%20keys").unwrap().name;
        assert_eq!(name, "team/shop keys");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for url in [
            "",
            "https://eu-west-1/name",
            "aws-secretsmanager://eu-west-1",
            "aws-secretsmanager:///name",
            "aws-secretsmanager://EU_WEST/name",
            "aws-secretsmanager://key:secret@eu-west-1/name",
            "aws-secretsmanager://eu-west-1/name?region=x",
            "aws-secretsmanager://eu-west-1/name?endpoint=http://example.org",
        ] {
            assert!(SecretsUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_secret_that_is_no_object_of_texts_is_refused_without_quoting_it() {
        for text in ["hunter2", "[\"hunter2\"]", "{\"mail.url\":[\"hunter2\"]}"] {
            let refused = Secrets::parse(text).unwrap_err();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
        let secrets = Secrets::parse("{\"mail.url\":\"hunter2\"}").unwrap();
        assert!(!format!("{secrets:?}").contains("hunter2"));
    }
}
