//! Whether a request was made on this machine, by somebody who meant this machine.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};

/// Whether the peer is loopback, the host it asked for is (a name that a
/// stranger's page had resolve to 127.0.0.1 is not), and no proxy passed it on.
pub(super) fn is_local(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && asks_for_loopback(request.headers())
        && request.uri().authority().is_none()
        && !was_forwarded(request.headers())
}

fn asks_for_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next().map(|host| host.to_str()), hosts.next()) {
        (Some(Ok(host)), None) => is_loopback_host(host),
        _ => false,
    }
}

fn is_loopback_host(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether any header is there that proxies add.
fn was_forwarded(headers: &HeaderMap) -> bool {
    const EXACT: [&str; 11] = [
        "forwarded",
        "via",
        "cdn-loop",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
        "fly-client-ip",
    ];
    const PREFIXES: [&str; 3] = ["x-forwarded", "x-origina", "x-remote-"];
    headers
        .keys()
        .map(|name| name.as_str())
        .any(|name| PREFIXES.iter().any(|p| name.starts_with(p)) || EXACT.contains(&name))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn asked(peer: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = axum::http::Request::builder().uri("/dev/mail");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        is_local(&request)
    }

    #[test]
    fn this_machine_sees_it_by_any_of_its_own_names() {
        for host in
            ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "[::1]"]
        {
            assert!(asked("127.0.0.1:40000", &[("host", host)]), "{host}");
        }
        assert!(asked("[::1]:40000", &[("host", "localhost")]));
        assert!(asked("[::ffff:127.0.0.1]:40000", &[("host", "localhost")]));
    }

    #[test]
    fn another_peer_does_not() {
        assert!(!asked("192.0.2.1:40000", &[("host", "localhost")]));
    }

    #[test]
    fn a_name_that_only_resolves_to_this_machine_does_not() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.1",
            "localhost:x",
            "",
        ] {
            assert!(!asked("127.0.0.1:40000", &[("host", host)]), "{host}");
        }
        assert!(!asked("127.0.0.1:40000", &[]));
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert!(!asked("127.0.0.1:40000", &two));
    }

    #[test]
    fn a_proxy_on_this_machine_does_not() {
        for name in [
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Real-IP",
            "Via",
            "X-Originating-IP",
            "X-Original-URL",
            "X-Remote-Addr",
            "CDN-Loop",
        ] {
            let headers = [("host", "localhost"), (name, "x")];
            assert!(!asked("127.0.0.1:40000", &headers), "{name}");
        }
    }
}
