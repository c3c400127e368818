//! Origins of pages.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// An origin (RFC 6454) whose pages may call the account API, such as
/// `https://app.example.com` or `capacitor://localhost`.
///
/// Its first label may be a `*`, which stands for any one label:
/// `https://*.example.com` is `https://app.example.com` and neither
/// `https://example.com` nor `https://a.b.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsOrigin {
    /// Up to the host, and from the wildcard's dot on where there is one.
    before: String,
    after: Option<String>,
}

/// Why a text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin(&'static str);

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidOrigin {}

impl FromStr for CorsOrigin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let shape = InvalidOrigin(
            "an origin is a scheme and a host, perhaps with a port, such as https://app.example.com",
        );
        let (scheme, rest) = text.trim().split_once("://").ok_or(shape)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if scheme.eq_ignore_ascii_case("file") || rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(shape);
        }
        let (wildcard, host) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if host.contains('*') {
            return Err(InvalidOrigin(
                "a * stands for the whole first label only, such as https://*.example.com",
            ));
        }
        let url: Url = format!("{scheme}://{host}").parse().map_err(|_| shape)?;
        // Browsers send the scheme and host in lower case and no default port.
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(shape)?.to_lowercase();
        if wildcard && !host.contains('.') {
            return Err(InvalidOrigin("a * stands for a label before a domain of at least two"));
        }
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let scheme = url.scheme();
        Ok(if wildcard {
            Self { before: format!("{scheme}://"), after: Some(format!(".{host}{port}")) }
        } else {
            Self { before: format!("{scheme}://{host}{port}"), after: None }
        })
    }
}

impl CorsOrigin {
    /// Whether it is the origin that a browser names.
    pub fn matches(&self, origin: &str) -> bool {
        match &self.after {
            None => self.before == origin,
            Some(after) => {
                let label = origin.strip_prefix(&self.before).and_then(|o| o.strip_suffix(after));
                label.is_some_and(|label| {
                    !label.is_empty()
                        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                })
            }
        }
    }
}

impl fmt::Display for CorsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.after {
            None => f.write_str(&self.before),
            Some(after) => write!(f, "{}*{after}", self.before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> CorsOrigin {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn an_origin_is_compared_as_browsers_write_it() {
        for (allowed, sent) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com:443/", "https://app.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("Tauri://Localhost", "tauri://localhost"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert!(origin(allowed).matches(sent), "{allowed}");
        }
        assert!(!origin("https://app.example.com").matches("http://app.example.com"));
        assert!(!origin("https://app.example.com").matches("https://app.example.com:8443"));
    }

    #[test]
    fn a_wildcard_is_one_whole_label() {
        let any = origin("https://*.Example.org");
        assert!(any.matches("https://app.example.org"));
        for other in [
            "https://example.org",
            "https://a.b.example.org",
            "https://.example.org",
            "https://evilexample.org",
            "http://app.example.org",
            "https://app.example.org:8443",
            "https://app.example.org.evil.example",
            "https://evil.example/.example.org",
            "https://user@.example.org",
        ] {
            assert!(!any.matches(other), "{other}");
        }
        assert_eq!(any.to_string(), "https://*.example.org");
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://user@app.example.com",
            "https://*",
            "https://*.com",
            "https://app*.example.com",
            "https://a.*.example.com",
            "https://app.example.com:port",
            "file:///etc",
        ] {
            assert!(text.parse::<CorsOrigin>().is_err(), "{text}");
        }
    }
}
