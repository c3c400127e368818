//! Which URLs lead to this machine.

use url::Url;

/// Whether a URL's host is this machine, reached from itself.
pub(crate) fn leads_to_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_loopback_only_by_its_host() {
        for (url, expected) in [
            ("http://localhost:8080", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:80", true),
            ("http://localhost.example.org", false),
            ("http://example.org/localhost", false),
            ("http://0.0.0.0", false),
        ] {
            assert_eq!(leads_to_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
