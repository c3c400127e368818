//! What an operator is told once, at the first request that shows it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;

/// Headers by which proxies tell for whom they ask.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// Which warnings were given.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    no_peer: AtomicBool,
    proxy: AtomicBool,
}

impl Warnings {
    /// The router is served without its clients' addresses.
    pub(crate) fn no_peer(&self) {
        if first(&self.no_peer) {
            tracing::error!(
                "requests come without the peer's address, so no limit by client address holds \
                 and no session shows one: serve the application with \
                 into_make_service_with_connect_info::<SocketAddr>()"
            );
        }
    }

    /// A peer that is not trusted; a proxy of one's own would show so.
    pub(crate) fn untrusted(&self, peer: IpAddr, headers: &HeaderMap) {
        let forwards = || FORWARDING.iter().any(|name| headers.contains_key(*name));
        if is_private(peer)
            && !self.proxy.load(Ordering::Relaxed)
            && forwards()
            && first(&self.proxy)
        {
            tracing::warn!(
                %peer,
                "requests with forwarding headers come from a private address that is not trusted, \
                 so all people behind it count as one client: if it is your proxy, add it to \
                 trusted_proxies"
            );
        }
    }
}

fn first(given: &AtomicBool) -> bool {
    !given.load(Ordering::Relaxed) && !given.swap(true, Ordering::Relaxed)
}

/// Loopback, private (RFC 1918, RFC 4193), link-local, or shared (RFC 6598).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && b & 0xc0 == 64;
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
