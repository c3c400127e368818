//! Requests: a span each, and counts and times under the names of `/metrics`.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{FutureExt as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::Instrument as _;

use super::buckets::buckets;
use super::traced;
use crate::metrics::{Templates, known_method};

pub(super) struct Requests {
    tracer: SdkTracer,
    requests: Counter<u64>,
    durations: Histogram<f64>,
}

impl Requests {
    pub(super) fn new(tracer: SdkTracer, meter: &Meter) -> Self {
        Self {
            tracer,
            requests: meter.u64_counter("usermgmt_http_requests_total").build(),
            durations: meter
                .f64_histogram("usermgmt_http_request_duration_seconds")
                .with_unit("s")
                .with_boundaries(buckets())
                .build(),
        }
    }

    /// Goes on with the trace that `traceparent` names (W3C Trace Context), or
    /// begins one. The log has its id.
    pub(super) async fn observe(
        State((own, templates)): State<(Arc<Self>, Templates)>,
        request: Request,
        next: Next,
    ) -> Response {
        let route = templates.of(&request).map(str::to_owned);
        let method = known_method(request.method());
        let name = match &route {
            Some(route) => format!("{method} {route}"),
            None => method.to_owned(),
        };
        let route = KeyValue::new("route", route.unwrap_or_else(|| "none".to_owned()));
        let headers = HeaderExtractor(request.headers());
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        let span = own.tracer.span_builder(name).with_kind(SpanKind::Server).with_attributes([
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.value.clone()),
        ]);
        let context = parent.with_span(span.start_with_context(&own.tracer, &parent));
        let span = context.span();
        let log = tracing::info_span!("trace", trace_id = %span.span_context().trace_id());
        traced::remember(&log, context.clone());

        #[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
        let began = Instant::now();
        let response = next.run(request).with_context(context.clone()).instrument(log).await;
        let took = began.elapsed().as_secs_f64();
        let status = response.status();
        let code = i64::from(status.as_u16());
        span.set_attribute(KeyValue::new("http.response.status_code", code));
        if let Some(Ok(id)) = response.headers().get("x-request-id").map(|id| id.to_str()) {
            span.set_attribute(KeyValue::new("usermgmt.request_id", id.to_owned()));
        }
        if status.is_server_error() {
            span.set_status(Status::error(""));
        }
        span.end();
        let labels = [route, KeyValue::new("method", method), KeyValue::new("status", code)];
        own.requests.add(1, &labels);
        own.durations.record(took, &labels[..2]);
        response
    }
}
