//! How connections are bounded.

use std::time::Duration;

use ipnet::IpNet;

/// How connections are bounded.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// How long a connection may be silent between requests.
    pub(crate) keep_alive: Duration,
    /// How long a request may take to arrive, and an answer to be taken.
    pub(crate) request_timeout: Duration,
    /// How many connections there are at most.
    pub(crate) max_connections: usize,
    /// Peers that bring many people's requests: no bound for each of them.
    pub(crate) trusted_proxies: Vec<IpNet>,
}
