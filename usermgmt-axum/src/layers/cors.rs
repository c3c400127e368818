//! Which pages of other origins may call.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, Any, CorsLayer};
use url::Url;

use crate::config::HttpConfig;

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

/// Of the account API. Bearer tokens only, so no credentials mode but for what a
/// provider's sign-in is bound to a browser by; `None` where no origin is allowed.
pub(crate) fn cors(config: &HttpConfig) -> Option<CorsLayer> {
    if config.cors_origins.is_empty() {
        return None;
    }
    let origins = config.cors_origins.clone();
    let is_allowed = move |origin: &HeaderValue| {
        origin.to_str().is_ok_and(|origin| origins.iter().any(|allowed| allowed.matches(origin)))
    };
    Some(
        layer()
            .allow_origin(AllowOrigin::predicate(move |origin, _| is_allowed(origin)))
            .allow_credentials(AllowCredentials::predicate(|_, request| {
                is_bound_to_a_browser(request.uri.path())
            }))
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE]),
    )
}

/// Whether a path of the account API sets or takes the cookie of a sign-in by a
/// provider. Cookies of sessions do nothing there without a form's token.
fn is_bound_to_a_browser(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    path.ends_with("/signin/exchange") || parent.ends_with("/identities")
}

/// Of what is the same for everybody: any page may read it.
pub(crate) fn public_cors() -> CorsLayer {
    layer().allow_origin(Any).allow_methods([Method::GET])
}

/// Whatever header is asked for may be sent: none is trusted for where it came
/// from, and tracing and frameworks add their own.
fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("x-request-id"),
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
        ])
        .max_age(Duration::from_secs(600))
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
