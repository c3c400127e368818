//! What is asked for when metrics are read.

use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use usermgmt_core::Auth;

type Count = Gauge<i64, AtomicI64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Debug)]
pub(super) struct Sampled {
    hash_queue: Count,
    connections: Family<State, Count>,
    outbox: Family<State, Count>,
    oldest: Gauge<f64, AtomicU64>,
}

impl Sampled {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let sampled = Self {
            hash_queue: Gauge::default(),
            connections: Family::default(),
            outbox: Family::default(),
            oldest: Gauge::default(),
        };
        registry.register(
            "password_hash_queue",
            "Passwords that wait for a thread",
            sampled.hash_queue.clone(),
        );
        registry.register(
            "store_connections",
            "Connections to the database",
            sampled.connections.clone(),
        );
        registry.register("outbox_mails", "Mails in the outbox", sampled.outbox.clone());
        registry.register(
            "outbox_oldest_seconds",
            "Age of the oldest mail that is still tried",
            sampled.oldest.clone(),
        );
        sampled
    }

    /// Reads them. Where the store does not answer they stay as they were, and
    /// the failure is counted like any other.
    pub(super) async fn read(&self, auth: &Auth) {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.hash_queue.set(count(auth.passwords_waiting() as u64));
        if let Some(connections) = auth.store().connections() {
            for (state, n) in [("idle", connections.idle), ("busy", connections.busy)] {
                self.connections.get_or_create(&State { state }).set(count(n));
            }
        }
        let limit = auth.config().store_timeout;
        if let Ok(Ok(depth)) = tokio::time::timeout(limit, auth.store().outbox_depth()).await {
            self.outbox.get_or_create(&State { state: "waiting" }).set(count(depth.waiting));
            self.outbox.get_or_create(&State { state: "dead" }).set(count(depth.dead));
            let age = depth.oldest.map(|oldest| auth.now().since(oldest).as_secs_f64());
            self.oldest.set(age.unwrap_or(0.0));
        }
    }
}
