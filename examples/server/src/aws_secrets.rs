//! One secret of AWS Secrets Manager: a JSON object whose keys are names of settings.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Credentials, Region};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use url::{Host, Url};
use usermgmt_core::secret::Redacted;

use crate::failure::Failure;
use crate::loopback::leads_to_loopback;

/// How long the whole look-up may take, with the SDK's retries.
const TIMEOUT: Duration = Duration::from_secs(10);
const EXPECTED: &str = "expected aws-secretsmanager://REGION/NAME";

/// Reads the secret that a URL names, by the key and its secret that are given, or else
/// by those that AWS's own variables, files and services have. Blocks: it is read before
/// there is anything else to do, or beside it.
///
/// # Errors
/// What is wrong and how to mend it; never what is in the secret.
pub(crate) fn fetch(
    url: &str,
    key: Option<&(String, Redacted<String>)>,
) -> Result<toml::Table, String> {
    let url = SecretUrl::parse(url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let text = runtime.block_on(async { tokio::time::timeout(TIMEOUT, url.fetch(key)).await });
    // A host name may still be looked up; nobody waits for that.
    runtime.shutdown_background();
    parse(&text.unwrap_or_else(|_| Err(unreachable(&url.region, "no answer in time")))?)
}

/// `aws-secretsmanager://REGION/NAME[?endpoint=URL]`
#[derive(Debug, PartialEq, Eq)]
struct SecretUrl {
    region: String,
    name: String,
    endpoint: Option<String>,
}

impl SecretUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| EXPECTED)?;
        if url.scheme() != "aws-secretsmanager" || url.port().is_some() {
            return Err(EXPECTED.to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "{EXPECTED}: credentials come from the environment, a profile, the container or \
                 the instance"
            ));
        }
        let is_region = |name: &str| {
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let region = match url.host() {
            Some(Host::Domain(region)) if is_region(region) => region.to_owned(),
            _ => return Err(EXPECTED.to_owned()),
        };
        // An ARN is a name too.
        let name = percent_encoding::percent_decode_str(url.path().trim_start_matches('/'));
        let name = name.decode_utf8().map_err(|_| EXPECTED)?.into_owned();
        if name.is_empty() {
            return Err(EXPECTED.to_owned());
        }
        let mut endpoint = None;
        for (key, value) in url.query_pairs() {
            if key != "endpoint" {
                return Err(format!("has the unknown option {key:?}; only endpoint is known"));
            }
            check_endpoint(&value)?;
            if endpoint.replace(value.into_owned()).is_some() {
                return Err("has endpoint twice".to_owned());
            }
        }
        Ok(Self { region, name, endpoint })
    }

    async fn fetch(&self, key: Option<&(String, Redacted<String>)>) -> Result<String, String> {
        let Self { region, name, endpoint } = self;
        let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).build();
        let mut settings = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .timeout_config(timeouts);
        if let Some(endpoint) = endpoint {
            settings = settings.endpoint_url(endpoint);
        }
        if let Some((id, secret)) = key {
            let given = Credentials::new(id, secret.expose(), None, None, "settings_json");
            settings = settings.credentials_provider(given);
        }
        let settings = settings.load().await;
        // The environment and the profile may name one too.
        let of_this_service = std::env::var("AWS_ENDPOINT_URL_SECRETS_MANAGER").ok();
        for endpoint in settings.endpoint_url().into_iter().chain(of_this_service.as_deref()) {
            check_endpoint(endpoint)?;
        }
        let answer = Client::new(&settings).get_secret_value().secret_id(name).send().await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(refused) => {
                let code = refused.code().unwrap_or("unknown error");
                let why = refused.message().unwrap_or_default();
                format!("{name} in {region}: {code}: {why}{}", mend(code))
            }
            None => unreachable(region, &Failure::new("the request failed", &error).to_string()),
        })?;
        let text = answer.secret_string();
        text.map(str::to_owned).ok_or_else(|| format!("{name} is binary: store a JSON object"))
    }
}

fn unreachable(region: &str, why: &str) -> String {
    format!(
        "Secrets Manager in {region} cannot be asked: {why}: check the network, the endpoint and \
         the credentials of settings_json, the environment, the profile, the container or the \
         instance"
    )
}

/// How to mend what every AWS service answers.
fn mend(code: &str) -> &'static str {
    match code {
        "ResourceNotFoundException" => ": check its region and name",
        "AccessDeniedException" | "DecryptionFailure" => {
            ": allow secretsmanager:GetSecretValue on it, and kms:Decrypt where it has a key of \
             its own"
        }
        "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "UnrecognizedClientException" => {
            ": check the credentials of settings_json, the environment, the profile, the container \
             or the instance"
        }
        _ => "",
    }
}

fn check_endpoint(endpoint: &str) -> Result<(), String> {
    let url = Url::parse(endpoint).map_err(|error| format!("endpoint: {error}"))?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if leads_to_loopback(&url) => Ok(()),
        _ => Err("endpoint: expected https://; http:// would send secrets in clear".to_owned()),
    }
}

/// The parser's own message may quote a value, so only its place is told.
fn parse(text: &str) -> Result<toml::Table, String> {
    serde_json::from_str(text).map_err(|error| {
        format!(
            "the secret is no JSON object of settings (line {}, column {}): its keys are names of \
             settings, its values texts, numbers, booleans or lists",
            error.line(),
            error.column()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_name_and_endpoint_are_read() {
        let parsed = SecretUrl::parse(
            "aws-secretsmanager://eu-west-1/team/shop%20keys?endpoint=http://127.0.0.1:5000",
        );
        let expected = SecretUrl {
            region: "eu-west-1".to_owned(),
            name: "team/shop keys".to_owned(),
            endpoint: Some("http://127.0.0.1:5000".to_owned()),
        };
        assert_eq!(parsed, Ok(expected));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for url in [
            "",
            "https://eu-west-1/name",
            "aws-secretsmanager://eu-west-1",
            "aws-secretsmanager:///name",
            "aws-secretsmanager://EU_WEST/name",
            "aws-secretsmanager://eu-west-1:1/name",
            "aws-secretsmanager://key:secret@eu-west-1/name",
            "aws-secretsmanager://eu-west-1/name?region=x",
            "aws-secretsmanager://eu-west-1/name?endpoint=http://example.org",
            "aws-secretsmanager://eu-west-1/name?endpoint=https://a&endpoint=https://b",
        ] {
            assert!(SecretUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_secret_that_is_no_object_of_settings_is_refused_without_quoting_it() {
        for text in ["hunter2", "\"hunter2\"", "[\"hunter2\"]", "{\"hunter2\":null}"] {
            let refused = parse(text).unwrap_err();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
        let table = parse(r#"{"mail.url":"a","secret":["b"],"limits.notify_after":3}"#).unwrap();
        assert_eq!(table.len(), 3);
    }
}
