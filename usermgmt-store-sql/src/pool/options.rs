//! How connections are kept.

use std::time::Duration;

/// How connections are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    pub(crate) max_connections: u32,
    pub(crate) min_connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_lifetime: Duration,
    /// Whether the schema is brought up to date.
    pub(crate) migrate: bool,
}

impl Default for PoolOptions {
    /// At most 10 connections, none kept without need, 5 seconds to wait, 10
    /// minutes without use, 30 minutes in all.
    fn default() -> Self {
        Self {
            max_connections: 10,
            min_connections: 0,
            acquire_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(10 * 60),
            max_lifetime: Duration::from_secs(30 * 60),
            migrate: true,
        }
    }
}

impl PoolOptions {
    /// The most connections at a time. On SQLite they are the ones that read;
    /// two more write, one at a time.
    #[must_use]
    pub fn max_connections(mut self, number: u32) -> Self {
        self.max_connections = number.max(1);
        self
    }

    /// How many connections stay open when nothing needs them. SQLite keeps
    /// those that it opened.
    #[must_use]
    pub fn min_connections(mut self, number: u32) -> Self {
        self.min_connections = number;
        self
    }

    /// How long to wait for a connection, for a lock of the database, and for
    /// the database at the start, before the store counts as unavailable. From
    /// a millisecond to an hour.
    #[must_use]
    pub fn acquire_timeout(mut self, time: Duration) -> Self {
        self.acquire_timeout = time.clamp(Duration::from_millis(1), Duration::from_secs(3600));
        self
    }

    /// How long a connection to a server may lie unused: one that lay longer is
    /// never used, and when nothing was asked for as long, all but
    /// [`min_connections`](Self::min_connections) are closed. Set it below what
    /// ends idle connections on the way (a balancer, NAT, the server itself); one
    /// that was ended earlier all the same is noticed and replaced. From a second
    /// to a day. SQLite keeps its connections.
    #[must_use]
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = time.clamp(Duration::from_secs(1), Duration::from_secs(86_400));
        self
    }

    /// How long a connection to a server is used at most, so that new servers
    /// behind a balancer get their share. From a second to a day. SQLite keeps
    /// its connections.
    #[must_use]
    pub fn max_lifetime(mut self, time: Duration) -> Self {
        self.max_lifetime = time.clamp(Duration::from_secs(1), Duration::from_secs(86_400));
        self
    }
}
