//! What the engine counts and times: metrics, and spans in the trace at hand.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::trace::{Span as _, SpanKind, Tracer as _};
use opentelemetry::{Context, KeyValue, time};
use opentelemetry_sdk::trace::SdkTracer;
use usermgmt_core::metrics::{Counted, Metrics, Timed};

use super::buckets::buckets;
use super::traced;
use crate::metrics::{CONNECTIONS, OVERLOADED};

#[derive(Debug)]
pub(super) struct EngineTelemetry {
    tracer: SdkTracer,
    sign_ins: Counter<u64>,
    registrations: Counter<u64>,
    rate_limited: Counter<u64>,
    refused: Counter<u64>,
    store_errors: Counter<u64>,
    mails: Counter<u64>,
    refresh_reuse: Counter<u64>,
    breach_checks: Counter<u64>,
    password_hash: Histogram<f64>,
    password_hash_wait: Histogram<f64>,
    store_call: Histogram<f64>,
}

impl EngineTelemetry {
    pub(super) fn new(tracer: SdkTracer, meter: &Meter) -> Self {
        let counter = |name: &'static str| meter.u64_counter(name).build();
        let histogram = |name: &'static str| {
            meter.f64_histogram(name).with_unit("s").with_boundaries(buckets()).build()
        };
        Self {
            tracer,
            sign_ins: counter("usermgmt_sign_ins_total"),
            registrations: counter("usermgmt_registrations_total"),
            rate_limited: counter("usermgmt_rate_limited_total"),
            refused: counter("usermgmt_refused_total"),
            store_errors: counter("usermgmt_store_errors_total"),
            mails: counter("usermgmt_mails_total"),
            refresh_reuse: counter("usermgmt_refresh_reuse_total"),
            breach_checks: counter("usermgmt_breach_checks_total"),
            password_hash: histogram("usermgmt_password_hash_duration_seconds"),
            password_hash_wait: histogram("usermgmt_password_hash_wait_seconds"),
            store_call: histogram("usermgmt_store_call_duration_seconds"),
        }
    }

    /// A span that ends now and took so long. It is told after the fact, so that
    /// the engine needs to know nothing of spans.
    fn span(
        &self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        parent: &Context,
        took: Duration,
    ) {
        let end = time::now();
        let span = self.tracer.span_builder(name).with_kind(kind);
        let span = span.with_start_time(end.checked_sub(took).unwrap_or(end));
        span.start_with_context(&self.tracer, parent).end_with_timestamp(end);
    }
}

impl Metrics for EngineTelemetry {
    fn count(&self, what: Counted) {
        let (counter, labels) = match what {
            Counted::SignIn(outcome) => (&self.sign_ins, vec![("outcome", outcome.as_str())]),
            Counted::Registration => (&self.registrations, vec![]),
            Counted::RateLimited(limit) => (&self.rate_limited, vec![("limit", limit)]),
            Counted::Overloaded => (&self.refused, vec![("reason", OVERLOADED)]),
            Counted::ConnectionCut => (&self.refused, vec![("reason", CONNECTIONS)]),
            Counted::StoreError(kind) => (&self.store_errors, vec![("kind", kind.as_str())]),
            Counted::Mail(kind, outcome) => {
                (&self.mails, vec![("kind", kind), ("outcome", outcome.as_str())])
            }
            Counted::RefreshReuse => (&self.refresh_reuse, vec![]),
            Counted::BreachCheck(result) => {
                (&self.breach_checks, vec![("outcome", result.as_str())])
            }
            // A newer core counts more than this server shows.
            _ => return,
        };
        let labels: Vec<_> = labels.into_iter().map(|(k, v)| KeyValue::new(k, v)).collect();
        counter.add(1, &labels);
    }

    fn time(&self, what: Timed, took: Duration) {
        let seconds = took.as_secs_f64();
        let (name, kind) = match what {
            Timed::PasswordHash => {
                self.password_hash.record(seconds, &[]);
                (Cow::Borrowed("hash password"), SpanKind::Internal)
            }
            Timed::PasswordHashWait => {
                self.password_hash_wait.record(seconds, &[]);
                (Cow::Borrowed("wait for a hashing thread"), SpanKind::Internal)
            }
            Timed::StoreCall(operation) => {
                self.store_call.record(seconds, &[KeyValue::new("operation", operation)]);
                (Cow::Owned(format!("store {operation}")), SpanKind::Client)
            }
            // The worker's: a trace of its own.
            Timed::Mail(kind) => {
                let name = format!("mail {kind}");
                return self.span(name, SpanKind::Client, &Context::new(), took);
            }
            _ => return,
        };
        // What is done without a request (looking for mail, purging) makes no trace.
        if let Some(parent) = traced::current() {
            self.span(name, kind, &parent, took);
        }
    }
}
