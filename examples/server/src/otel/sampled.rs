//! The state of the engine, looked at from time to time.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Meter};
use usermgmt_core::Auth;

/// How often.
const EVERY: Duration = Duration::from_secs(30);

pub(super) struct Sampled {
    hash_queue: Gauge<u64>,
    connections: Gauge<u64>,
    outbox: Gauge<u64>,
    oldest: Gauge<f64>,
}

impl Sampled {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            hash_queue: meter.u64_gauge("usermgmt_password_hash_queue").build(),
            connections: meter.u64_gauge("usermgmt_store_connections").build(),
            outbox: meter.u64_gauge("usermgmt_outbox_mails").build(),
            oldest: meter.f64_gauge("usermgmt_outbox_oldest_seconds").with_unit("s").build(),
        }
    }

    /// Looks until it is aborted.
    pub(super) async fn follow(self, auth: Auth) {
        let mut due = tokio::time::interval(EVERY);
        loop {
            due.tick().await;
            self.read(&auth).await;
        }
    }

    /// Where the store does not answer they stay as they were, and the failure is
    /// counted like any other.
    async fn read(&self, auth: &Auth) {
        let state = |state: &'static str| [KeyValue::new("state", state)];
        self.hash_queue.record(auth.passwords_waiting() as u64, &[]);
        if let Some(connections) = auth.store().connections() {
            self.connections.record(connections.idle, &state("idle"));
            self.connections.record(connections.busy, &state("busy"));
        }
        let limit = auth.config().store_timeout;
        if let Ok(Ok(depth)) = tokio::time::timeout(limit, auth.store().outbox_depth()).await {
            self.outbox.record(depth.waiting, &state("waiting"));
            self.outbox.record(depth.dead, &state("dead"));
            let age = depth.oldest.map(|oldest| auth.now().since(oldest).as_secs_f64());
            self.oldest.record(age.unwrap_or(0.0), &[]);
        }
    }
}
