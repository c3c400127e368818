//! `smtp://` and `smtps://` as settings.

use url::{Host, Url};
use usermgmt_core::secret::Redacted;

use crate::url_parts::{credentials, is_loopback};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS by STARTTLS, or nothing is sent.
    StartTls,
    /// In clear.
    None,
}

/// A server and how to talk to it.
#[derive(Debug)]
pub(crate) struct SmtpUrl {
    /// A name or an address, an IPv6 one without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) credentials: Option<(String, Redacted<String>)>,
}

impl SmtpUrl {
    /// Reads the URL. What is said about it never quotes it: it has a password.
    pub(crate) fn parse(url: &Url) -> Result<Self, String> {
        let implicit = url.scheme() == "smtps";
        let host = match url.host() {
            Some(Host::Domain(name)) if is_host_name(name) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err("no mail server in it; expected smtp://user:password@host:587".into()),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("has something after the host; a / # or ? in the user name or password is written %2F %23 or %3F".into());
        }
        if url.port() == Some(0) {
            return Err("has port 0, where no server can be".into());
        }
        let mut tls = None;
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "tls" if tls.is_none() => tls = Some(value.into_owned()),
                "tls" => return Err("has tls twice".into()),
                // It may be the end of a password.
                _ => {
                    return Err("has an unknown option, where only tls is known; a ? in the user name or password is written %3F".into());
                }
            }
        }
        let security = match (implicit, tls.as_deref()) {
            (true, None | Some("required")) => Security::Implicit,
            (true, Some(_)) => return Err("smtps:// is always under TLS; leave tls out".into()),
            (false, None | Some("required")) => Security::StartTls,
            (false, Some("none")) if is_loopback(&host) => Security::None,
            (false, Some("none")) => {
                return Err("tls=none would send passwords and links in clear over the network; it is for a mail server on the same machine (tls=dangerous-none lifts this)".into());
            }
            (false, Some("dangerous-none")) => Security::None,
            (false, Some(_)) => return Err("tls is one of required and none".into()),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(if implicit { 465 } else { 587 }),
            security,
            credentials: credentials(url)?,
        })
    }
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<SmtpUrl, String> {
        SmtpUrl::parse(&Url::parse(url).map_err(|e| e.to_string())?)
    }

    #[test]
    fn tls_is_required_unless_said_otherwise() {
        for (url, security, port) in [
            ("smtp://mail.example.com", Security::StartTls, 587),
            ("smtp://mail.example.com:25?tls=required", Security::StartTls, 25),
            ("smtps://mail.example.com", Security::Implicit, 465),
            ("smtp://localhost:1025?tls=none", Security::None, 1025),
            ("smtp://127.0.0.1:1025/?tls=none", Security::None, 1025),
            ("smtp://[::1]:1025?tls=none", Security::None, 1025),
            ("smtp://mailpit:1025?tls=dangerous-none", Security::None, 1025),
        ] {
            let parsed = parse(url).unwrap();
            assert_eq!((parsed.security, parsed.port), (security, port), "{url}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_printed() {
        let url = parse("smtp://ann%40example.com:p%3Ass%2F%C3%A9@mail.example.com").unwrap();
        assert!(!format!("{url:?}").contains("ss/"));
        let (user, password) = url.credentials.unwrap();
        assert_eq!(user, "ann@example.com");
        assert_eq!(password.expose(), "p:ss/é");
    }

    #[test]
    fn what_cannot_work_is_refused_without_quoting_it() {
        for url in [
            "smtp://",
            "smtp:",
            "smtp://user@mail.example.com",
            "smtp://:hunter2@mail.example.com",
            "smtp://user:hunter2/x@mail.example.com",
            "smtp://user:hunter2@mail.example.com/x",
            "smtp://user:hunter2@mail.example.com?tls=none",
            "smtp://user:hunter2@mail.example.com?tls=opportunistic",
            "smtp://user:hunter2@mail.example.com?tls=required&tls=none",
            "smtp://user:hunter2@mail.example.com?ssl=true",
            "smtp://user:2024?hunter2@mail.example.com:587",
            "smtp://us?er:hunter2@mail.example.com",
            "smtps://user:hunter2@mail.example.com?tls=none",
            "smtp://user:hunter2@mail%0d%0a.example.com",
            "smtp://user:%ff@mail.example.com",
            "smtp://user:hunter2@mail.example.com:0",
            "smtps://user:hunter2@mail.example.com:0",
            "smtp://user:hunter2@mail.example.com?tls=",
            "smtp://user:hunter2@mail.example.com?TLS=required",
        ] {
            let refused = parse(url).unwrap_err();
            assert!(!refused.contains("hunter2"), "{url}: {refused}");
        }
    }
}
