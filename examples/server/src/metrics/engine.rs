//! What the engine counts and times.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use usermgmt_core::mail::MailKind;
use usermgmt_core::metrics::{
    BreachCheckResult, Counted, LIMITS, MailResult, Metrics, SignInResult, StoreErrorKind, Timed,
};

use super::buckets::latency_buckets;

/// No room was left to hash a password.
pub(crate) const OVERLOADED: &str = "overloaded";
/// No room was left for a connection.
pub(crate) const CONNECTIONS: &str = "connections";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limit {
    limit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Mail {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

/// Takes what the engine tells.
#[derive(Debug)]
pub(crate) struct EngineMetrics {
    sign_ins: Family<Outcome, Counter>,
    registrations: Counter,
    rate_limited: Family<Limit, Counter>,
    refused: Family<Reason, Counter>,
    store_errors: Family<Kind, Counter>,
    mails: Family<Mail, Counter>,
    refresh_reuse: Counter,
    breach_checks: Family<Outcome, Counter>,
    password_hash: Histogram,
    password_hash_wait: Histogram,
    store_call: Family<Operation, Histogram, fn() -> Histogram>,
}

fn histogram() -> Histogram {
    Histogram::new(latency_buckets())
}

impl EngineMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            sign_ins: Family::default(),
            registrations: Counter::default(),
            rate_limited: Family::default(),
            refused: Family::default(),
            store_errors: Family::default(),
            mails: Family::default(),
            refresh_reuse: Counter::default(),
            breach_checks: Family::default(),
            password_hash: histogram(),
            password_hash_wait: histogram(),
            store_call: Family::new_with_constructor(histogram),
        };
        registry.register("sign_ins", "Sign-ins by outcome", metrics.sign_ins.clone());
        registry.register("registrations", "Accounts made", metrics.registrations.clone());
        registry.register(
            "rate_limited",
            "Requests refused by a limit",
            metrics.rate_limited.clone(),
        );
        registry.register(
            "refused",
            "Requests and connections refused for want of room",
            metrics.refused.clone(),
        );
        registry.register("store_errors", "Store calls that failed", metrics.store_errors.clone());
        registry.register("mails", "Tries of mails by kind and outcome", metrics.mails.clone());
        registry.register(
            "refresh_reuse",
            "Sessions ended since an old refresh token was used again",
            metrics.refresh_reuse.clone(),
        );
        registry.register(
            "breach_checks",
            "Passwords looked for among breached ones, by outcome",
            metrics.breach_checks.clone(),
        );
        registry.register(
            "password_hash_duration_seconds",
            "How long hashing or verifying one password takes",
            metrics.password_hash.clone(),
        );
        registry.register(
            "password_hash_wait_seconds",
            "How long a password waits for a thread",
            metrics.password_hash_wait.clone(),
        );
        registry.register(
            "store_call_duration_seconds",
            "How long a store call takes",
            metrics.store_call.clone(),
        );
        // Shown from the start, so that a rate over the first one is right.
        for outcome in SignInResult::ALL.map(SignInResult::as_str) {
            drop(metrics.sign_ins.get_or_create(&Outcome { outcome }));
        }
        for limit in LIMITS {
            drop(metrics.rate_limited.get_or_create(&Limit { limit }));
        }
        for kind in StoreErrorKind::ALL.map(StoreErrorKind::as_str) {
            drop(metrics.store_errors.get_or_create(&Kind { kind }));
        }
        for kind in MailKind::ALL.map(MailKind::as_str) {
            for outcome in MailResult::ALL.map(MailResult::as_str) {
                drop(metrics.mails.get_or_create(&Mail { kind, outcome }));
            }
        }
        for outcome in BreachCheckResult::ALL.map(BreachCheckResult::as_str) {
            drop(metrics.breach_checks.get_or_create(&Outcome { outcome }));
        }
        for reason in [OVERLOADED, CONNECTIONS] {
            drop(metrics.refused.get_or_create(&Reason { reason }));
        }
        metrics
    }

    /// Something was refused for want of room.
    fn refuse(&self, reason: &'static str) {
        self.refused.get_or_create(&Reason { reason }).inc();
    }
}

impl Metrics for EngineMetrics {
    fn count(&self, what: Counted) {
        match what {
            Counted::SignIn(outcome) => {
                self.sign_ins.get_or_create(&Outcome { outcome: outcome.as_str() }).inc();
            }
            Counted::Registration => {
                self.registrations.inc();
            }
            Counted::RateLimited(limit) => {
                self.rate_limited.get_or_create(&Limit { limit }).inc();
            }
            Counted::Overloaded => self.refuse(OVERLOADED),
            Counted::ConnectionCut => self.refuse(CONNECTIONS),
            Counted::StoreError(kind) => {
                self.store_errors.get_or_create(&Kind { kind: kind.as_str() }).inc();
            }
            Counted::Mail(kind, outcome) => {
                self.mails.get_or_create(&Mail { kind, outcome: outcome.as_str() }).inc();
            }
            Counted::RefreshReuse => {
                self.refresh_reuse.inc();
            }
            Counted::BreachCheck(result) => {
                self.breach_checks.get_or_create(&Outcome { outcome: result.as_str() }).inc();
            }
            // A newer core counts more than this server shows.
            _ => {}
        }
    }

    fn time(&self, what: Timed, took: Duration) {
        let seconds = took.as_secs_f64();
        match what {
            Timed::PasswordHash => self.password_hash.observe(seconds),
            Timed::PasswordHashWait => self.password_hash_wait.observe(seconds),
            Timed::StoreCall(operation) => {
                self.store_call.get_or_create(&Operation { operation }).observe(seconds);
            }
            _ => {}
        }
    }
}
