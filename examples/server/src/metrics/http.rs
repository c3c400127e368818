//! Requests by route, method and status.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::buckets::latency_buckets;
use super::templates::Templates;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    method: &'static str,
}

#[derive(Debug)]
pub(crate) struct HttpMetrics {
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
}

/// Metrics by labels that are shown by name and type before there is any: which routes
/// there will be is known when they are asked for.
#[derive(Debug)]
struct Named<M>(M);

impl<M: EncodeMetric> EncodeMetric for Named<M> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        self.0.metric_type()
    }

    fn is_empty(&self) -> bool {
        false
    }
}

impl HttpMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(latency_buckets())),
        };
        registry.register(
            "http_requests",
            "Requests answered, by route, method and status",
            Named(metrics.requests.clone()),
        );
        registry.register(
            "http_request_duration_seconds",
            "How long a request takes, by route and method",
            Named(metrics.durations.clone()),
        );
        metrics
    }

    /// Counts and times every request. The route is the template, so that there
    /// are as many as there are routes, whatever clients send.
    pub(crate) async fn observe(
        State((metrics, templates)): State<(Arc<Self>, Templates)>,
        request: Request,
        next: Next,
    ) -> Response {
        let route = templates.of(&request).unwrap_or("none").to_owned();
        let method = known_method(request.method());
        #[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
        let began = Instant::now();
        let response = next.run(request).await;
        let took = began.elapsed().as_secs_f64();
        let status = response.status().as_u16();
        let labels = Answered { route: route.clone(), method, status };
        metrics.requests.get_or_create(&labels).inc();
        metrics.durations.get_or_create(&Route { route, method }).observe(took);
        response
    }
}

/// A method by its name; one that nobody knows is not told from others.
pub(crate) fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
