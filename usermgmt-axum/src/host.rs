//! Which host a request is for.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::uri::Authority;
use axum::http::{Version, header};

use crate::error::ApiError;

/// Refuses a request whose host is missing, given twice or no host (RFC 9112,
/// 3.2): whoever is in between may have taken it for another one.
pub(crate) fn check(request: &Request) -> Result<(), ApiError> {
    let refused = |message| Err(ApiError::bad_request("validation_error", message));
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        (Some(_), None) => refused("The Host header is malformed"),
        (Some(_), Some(_)) => refused("There is more than one Host header"),
        (None, _) if needs_host(request) => refused("The Host header is missing"),
        (None, _) => Ok(()),
    }
}

/// HTTP/1.0 had no such header, and HTTP/2 has the host elsewhere. What came by
/// no connection was made by a program, such as a test.
fn needs_host(request: &Request) -> bool {
    request.version() == Version::HTTP_11
        && request.extensions().get::<ConnectInfo<SocketAddr>>().is_some()
}

/// A name or an address, perhaps with a port; nothing that names a user.
fn is_host(value: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(value) else { return false };
    let after_host = authority.as_str().strip_prefix(authority.host()).unwrap_or("?");
    !authority.host().is_empty()
        && (after_host.is_empty()
            || after_host
                .strip_prefix(':')
                .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.len() <= 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts_with_and_without_a_port() {
        for host in
            ["x", "a.example", "a.example:8080", "127.0.0.1:80", "[::1]", "[::1]:8080", "a_b:"]
        {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in
            ["", ":80", "a b", "a/b", "a?b", "user@a", "a:b", "a:1:2", "[::1", "http://a", "a#"]
        {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
        assert!(!is_host(b"\xff"));
    }
}
