//! `smtp://` and `smtps://` as settings.

use lettre::transport::smtp::authentication::Credentials;
use url::{Host, Url};

use super::sign_in::{SignIn, TokenSource};
use crate::url_parts::{credentials, is_loopback, user};

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
pub(crate) struct SmtpUrl {
    /// A name or an address, an IPv6 one without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// The name that the certificate is to be for, where it is not the host's.
    pub(crate) tls_server_name: Option<String>,
    pub(crate) sign_in: Option<SignIn>,
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
        let mut options = Options::default();
        for (key, value) in url.query_pairs() {
            options.take(&key, value.into_owned())?;
        }
        let security = match (implicit, options.tls.as_deref()) {
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
        let tls_server_name = match options.tls_server_name.take() {
            Some(_) if security == Security::None => {
                return Err("tls_server_name has no use without TLS".into());
            }
            Some(name) if !is_host_name(&name) => {
                return Err("tls_server_name is the name in the mail server's certificate".into());
            }
            name => name,
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(if implicit { 465 } else { 587 }),
            security,
            tls_server_name,
            sign_in: options.sign_in(url)?,
        })
    }
}

/// What follows the `?`, each at most once.
#[derive(Default)]
struct Options {
    tls: Option<String>,
    tls_server_name: Option<String>,
    auth: Option<String>,
    token_file: Option<String>,
    token_command: Option<String>,
}

impl Options {
    fn take(&mut self, key: &str, value: String) -> Result<(), String> {
        let option = match key {
            "tls" => &mut self.tls,
            "tls_server_name" => &mut self.tls_server_name,
            "auth" => &mut self.auth,
            "token_file" => &mut self.token_file,
            "token_command" => &mut self.token_command,
            // It may be the end of a password.
            _ => {
                return Err("has an unknown option, where only tls, tls_server_name, auth, token_file and token_command are known; a ? in the user name or password is written %3F".into());
            }
        };
        if value.is_empty() || option.replace(value).is_some() {
            return Err(format!("has {key} twice, or empty"));
        }
        Ok(())
    }

    fn sign_in(self, url: &Url) -> Result<Option<SignIn>, String> {
        let source = match (self.token_file, self.token_command) {
            (Some(file), None) => Some(TokenSource::File(file.into())),
            (None, Some(command)) => Some(TokenSource::Command(command)),
            (None, None) => None,
            (Some(_), Some(_)) => return Err("has token_file and token_command; take one".into()),
        };
        match (self.auth.as_deref(), source) {
            (None, None) => {
                let credentials = credentials(url)?;
                Ok(credentials.map(|(user, password)| {
                    SignIn::Password(Credentials::new(user, password.expose().clone()))
                }))
            }
            (Some("xoauth2"), Some(source)) => match (user(url)?, url.password()) {
                (Some(user), None) => Ok(Some(SignIn::Token { user, source })),
                _ => Err("auth=xoauth2 takes a user name and no password: smtp://user@host?auth=xoauth2&token_file=…".into()),
            },
            (Some("xoauth2"), None) => Err("auth=xoauth2 needs token_file or token_command".into()),
            (Some(_), _) => Err("auth is xoauth2, or left out for a user name and password".into()),
            (None, Some(_)) => Err("token_file and token_command need auth=xoauth2".into()),
        }
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
    fn credentials_are_decoded() {
        let url = parse("smtp://ann%40example.com:p%3Ass%2F%C3%A9@mail.example.com").unwrap();
        let Some(SignIn::Password(credentials)) = url.sign_in else { panic!("no password") };
        assert!(credentials == Credentials::new("ann@example.com".into(), "p:ss/é".into()));
        assert!(parse("smtp://mail.example.com").unwrap().sign_in.is_none());
    }

    #[test]
    fn a_token_comes_from_a_file_or_a_command() {
        for (option, expected) in [
            ("token_file=/run/token", TokenSource::File("/run/token".into())),
            ("token_command=get%20token", TokenSource::Command("get token".into())),
        ] {
            let url = format!("smtp://ann%40example.com@mail.example.com?auth=xoauth2&{option}");
            let Some(SignIn::Token { user, source }) = parse(&url).unwrap().sign_in else {
                panic!("{url} has no token");
            };
            assert_eq!((user.as_str(), source), ("ann@example.com", expected));
        }
    }

    #[test]
    fn the_certificate_may_be_for_another_name() {
        let url = parse("smtp://10.0.0.7?tls_server_name=mail.example.com").unwrap();
        assert_eq!(url.tls_server_name.as_deref(), Some("mail.example.com"));
        assert_eq!(url.host, "10.0.0.7");
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
            "smtp://user:hunter2@mail.example.com?auth=xoauth2&token_file=/t",
            "smtp://mail.example.com?auth=xoauth2&token_file=/t",
            "smtp://user@mail.example.com?auth=xoauth2",
            "smtp://user@mail.example.com?auth=xoauth2&token_file=/t&token_command=t",
            "smtp://user@mail.example.com?auth=hunter2&token_file=/t",
            "smtp://user@mail.example.com?token_file=/t",
            "smtp://user:hunter2@mail.example.com?tls_server_name=a%20b",
            "smtp://127.0.0.1?tls=none&tls_server_name=mail.example.com",
        ] {
            let refused = parse(url).err().unwrap_or_else(|| panic!("{url} is taken"));
            assert!(!refused.contains("hunter2"), "{url}: {refused}");
        }
    }
}
