//! Who is asking: the address, and what the client says of itself.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use usermgmt_core::Client;

use crate::state::HttpState;

/// Who is asking, as the core counts, shows and compares it: the address behind
/// trusted proxies, the user agent and the preferred language.
#[derive(Clone, Debug)]
pub struct ClientInfo(pub Client);

impl<S> FromRequestParts<S> for ClientInfo
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let state = HttpState::from_ref(state);
        Ok(Self(Client {
            address: address(parts, &state.config().trusted_proxies),
            is_service: false,
            user_agent: user_agent(&parts.headers),
            locale: language(&parts.headers),
        }))
    }
}

/// The client's address: the peer, unless the peer is a trusted proxy, and then
/// the last address in `X-Forwarded-For` that is none. What stands before that
/// address was written by whoever is behind it and proves nothing.
fn address(parts: &Parts, trusted: &[IpNet]) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(behind_proxies(peer.ip().to_canonical(), &parts.headers, trusted))
}

fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    let lines = headers.get_all("x-forwarded-for");
    let lines: Vec<&str> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while trusted.iter().any(|proxies| proxies.contains(&nearest)) {
        // A hop that is no address ends the chain: what is left of it is hearsay.
        let Some(hop) = hops.next().and_then(parse_hop) else {
            break;
        };
        nearest = hop;
    }
    nearest
}

/// An address, with or without a port, an IPv6 one with or without brackets.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let ip = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| {
            let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
            inner.unwrap_or_default().parse()
        });
    ip.ok().map(|ip| ip.to_canonical())
}

/// What the client calls itself, cut to 255 characters.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?;
    let text = String::from_utf8_lossy(text.as_bytes());
    let cut: String = text.chars().filter(|c| !c.is_control()).take(255).collect();
    (!cut.is_empty()).then_some(cut)
}

/// The language that the client likes best (RFC 9110, 12.5.4), where it is one
/// that could be one (BCP 47).
fn language(headers: &HeaderMap) -> Option<String> {
    let list = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let weighed = list.split(',').filter_map(|item| {
        let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = match parameters.trim().strip_prefix("q=") {
            Some(q) => q.trim().parse::<f32>().ok()?,
            None => 1.0,
        };
        let tag = tag.trim();
        (is_language_tag(tag) && weight > 0.0).then_some((tag, weight))
    });
    // The first of equals: later ones must be liked better, not just as well.
    let best = weighed.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(tag, _)| tag.to_owned())
}

fn is_language_tag(tag: &str) -> bool {
    tag.len() <= 35
        && tag.split('-').enumerate().all(|(i, part)| {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            let alphanumeric = part.bytes().all(|b| b.is_ascii_alphanumeric());
            if i == 0 {
                letters && (2..=8).contains(&part.len())
            } else {
                alphanumeric && (1..=8).contains(&part.len())
            }
        })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn forwarded(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        headers
    }

    fn seen(peer: &str, lines: &[&'static str]) -> String {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        behind_proxies(peer.parse().unwrap(), &forwarded(lines), &trusted).to_string()
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_says() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_last_untrusted_address_counts() {
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.2.2.2"]), "198.51.100.7");
        assert_eq!(seen("::1", &["198.51.100.7", "10.2.2.2"]), "198.51.100.7");
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_chain() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_language_liked_best_is_taken() {
        for (sent, language) in [
            ("de-CH, en;q=0.8", Some("de-CH")),
            ("en;q=0.5, pl", Some("pl")),
            ("*", None),
            ("de;q=0", None),
            ("<script>", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(sent));
            assert_eq!(super::language(&headers).as_deref(), language, "{sent}");
        }
    }
}
