//! Who is asking: the address, and what the client says of itself.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;
use usermgmt_core::{Client, Redacted};
use utoipa::IntoParams;

use crate::browser;
use crate::language::languages;
use crate::layers::RequestId;
use crate::state::HttpState;

/// What brings a device token back, and gives one where the body has no place for it.
pub(crate) const DEVICE_HEADER: &str = "usermgmt-device";
/// What brings the proof that an application's captcha asks for.
const CAPTCHA_HEADER: &str = "usermgmt-captcha";

/// Describes the header.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; it is read by name")]
pub(crate) struct CaptchaHeader {
    /// Where the application asks for a captcha: what its widget gave. 403
    /// `captcha_required` without it, `captcha_failed` where it is not accepted.
    #[param(rename = "Usermgmt-Captcha", nullable = false)]
    captcha: Option<String>,
}

/// Describes the header.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; it is read by name")]
pub(crate) struct DeviceHeader {
    /// The `device_token` that an earlier sign-in on this device was answered by: what
    /// strangers fail does not keep such a device out.
    #[param(rename = "Usermgmt-Device", nullable = false)]
    device: Option<String>,
}

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
            address: address(parts, &state),
            user_agent: parts.headers.get(header::USER_AGENT).and_then(shown),
            locale: languages(&parts.headers).first().map(|&tag| tag.to_owned()),
            device_token: text(&parts.headers, DEVICE_HEADER)
                .or_else(|| browser::device(&parts.headers, &state).map(str::to_owned))
                .map(Redacted::new),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
            captcha_token: text(&parts.headers, CAPTCHA_HEADER).map(Redacted::new),
            is_vouched_for: false,
        }))
    }
}

/// The client's address: the peer, unless the peer is a trusted proxy, and then
/// the last address in `X-Forwarded-For` that is none. What stands before that
/// address was written by whoever is behind it and proves nothing.
fn address(parts: &Parts, state: &HttpState) -> Option<IpAddr> {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        state.warnings().no_peer();
        return None;
    };
    let (peer, trusted) = (peer.ip().to_canonical(), &state.config().trusted_proxies);
    if !is_trusted(peer, trusted) {
        state.warnings().untrusted(peer, &parts.headers);
    }
    Some(behind_proxies(peer, &parts.headers, trusted))
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|proxies| proxies.contains(&address))
}

fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
    while is_trusted(nearest, trusted) {
        // A hop that is no address ends the chain, whatever bytes it is made of:
        // what is left of it is hearsay.
        let hop = hops.next().and_then(|hop| str::from_utf8(hop).ok()).and_then(parse_address);
        let Some(hop) = hop else {
            break;
        };
        nearest = hop;
    }
    nearest
}

/// An address, with or without a port, an IPv6 one with or without brackets.
pub(crate) fn parse_address(text: &str) -> Option<IpAddr> {
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

/// A header's text, where it is one.
pub(crate) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// What the client calls itself, cut to 255 characters.
pub(crate) fn shown(agent: &HeaderValue) -> Option<String> {
    let text = String::from_utf8_lossy(agent.as_bytes());
    let cut: String = text.chars().filter(|c| !c.is_control()).take(255).collect();
    (!cut.is_empty()).then_some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn seen(peer: &str, lines: &[&str]) -> String {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        seen_bytes(peer, &lines)
    }

    fn seen_bytes(peer: &str, lines: &[&[u8]]) -> String {
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
    fn a_line_with_other_bytes_than_ascii_is_not_skipped() {
        let spoofed: &[u8] = b"1.1.1.1";
        assert_eq!(seen_bytes("10.0.0.1", &[spoofed, b"\xff"]), "10.0.0.1");
        assert_eq!(seen_bytes("10.0.0.1", &[spoofed, b"\xc3\xa9, 10.2.2.2"]), "10.2.2.2");
        assert_eq!(seen_bytes("10.0.0.1", &[spoofed, b"\xff, 198.51.100.7"]), "198.51.100.7");
    }
}
