//! `ses://` as a setting.

use url::{Host, Url};
use usermgmt_core::secret::Redacted;

use crate::url_parts::{credentials, is_loopback};

/// Where to reach SES, and as whom.
#[derive(Debug)]
pub(crate) struct SesUrl {
    pub(crate) region: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) configuration_set: Option<String>,
    /// Access key id and secret access key.
    pub(crate) credentials: Option<(String, Redacted<String>)>,
}

impl SesUrl {
    /// Reads the URL. What is said about it never quotes it: it has a secret.
    pub(crate) fn parse(url: &Url) -> Result<Self, String> {
        let region = match url.host() {
            Some(Host::Domain(name)) if is_region(name) => name.to_owned(),
            _ => return Err("no region in it; expected ses://eu-west-1".into()),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() || url.port().is_some() {
            return Err(
                "has something after the region; a / in the secret key is written %2F".into()
            );
        }
        let (mut endpoint, mut configuration_set) = (None, None);
        for (key, value) in url.query_pairs() {
            let option = match key.as_ref() {
                "endpoint" => &mut endpoint,
                "configuration_set" => &mut configuration_set,
                // It may be the end of a secret key.
                _ => {
                    return Err("has an unknown option, where only endpoint and configuration_set are known; a ? in the secret key is written %3F".into());
                }
            };
            if value.is_empty() || option.replace(value.into_owned()).is_some() {
                return Err(format!("has {key} twice, or empty"));
            }
        }
        if let Some(endpoint) = &endpoint {
            check_endpoint(endpoint)?;
        }
        Ok(Self { region, endpoint, configuration_set, credentials: credentials(url)? })
    }
}

fn is_region(name: &str) -> bool {
    let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(valid)
}

pub(crate) fn check_endpoint(endpoint: &str) -> Result<(), String> {
    let url = Url::parse(endpoint).map_err(|e| format!("endpoint: {e}"))?;
    let host = match url.host() {
        Some(Host::Ipv6(address)) => address.to_string(),
        Some(host) => host.to_string(),
        None => String::new(),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&host) => Ok(()),
        "http" => {
            Err("endpoint: http:// would send links in clear over the network; use https://".into())
        }
        _ => Err("endpoint: expected https://".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<SesUrl, String> {
        SesUrl::parse(&Url::parse(url).map_err(|e| e.to_string())?)
    }

    #[test]
    fn region_options_and_keys_are_read() {
        let url = parse(
            "ses://AKIA1:se%2Fcret@eu-west-1?endpoint=http://127.0.0.1:5000&configuration_set=mails",
        )
        .unwrap();
        assert_eq!(url.region, "eu-west-1");
        assert_eq!(url.endpoint.as_deref(), Some("http://127.0.0.1:5000"));
        assert_eq!(url.configuration_set.as_deref(), Some("mails"));
        assert!(!format!("{url:?}").contains("cret"));
        let (key, secret) = url.credentials.unwrap();
        assert_eq!((key.as_str(), secret.expose().as_str()), ("AKIA1", "se/cret"));
        assert!(parse("ses://eu-west-1").unwrap().credentials.is_none());
    }

    #[test]
    fn what_cannot_work_is_refused_without_quoting_it() {
        for url in [
            "ses:",
            "ses://",
            "ses://EU_west",
            "ses://AKIA1@eu-west-1",
            "ses://AKIA1:hunter2/x@eu-west-1",
            "ses://AKIA1:hunter2@eu-west-1/x",
            "ses://AKIA1:hunter2@eu-west-1:1",
            "ses://AKIA1:hunter2@eu-west-1?region=x",
            "ses://AKIA1:hunter2@eu-west-1?endpoint=",
            "ses://AKIA1:hunter2@eu-west-1?endpoint=http://mail.example.com",
            "ses://AKIA1:hunter2@eu-west-1?endpoint=ftp://localhost",
            "ses://AKIA1:hunter2@eu-west-1?configuration_set=a&configuration_set=b",
        ] {
            let refused = parse(url).unwrap_err();
            assert!(!refused.contains("hunter2"), "{url}: {refused}");
        }
    }
}
