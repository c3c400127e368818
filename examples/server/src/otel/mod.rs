//! Traces and metrics by OpenTelemetry (`otel.endpoint`), over OTLP/HTTP.
//!
//! Only what these files name is sent: no event or field of the log, so that
//! nothing personal gets there by way of it.

mod buckets;
mod collector;
mod engine;
mod requests;
mod sampled;
mod traced;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig as _,
    WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::metrics::periodic_reader_with_async_runtime::PeriodicReader;
use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use tokio::task::JoinHandle;
use url::Url;
use usermgmt_core::Auth;
use usermgmt_core::metrics::{Counted, Metrics, Timed};

use self::collector::Collector;
use self::engine::EngineTelemetry;
use self::requests::Requests;
use self::sampled::Sampled;
use crate::failure::Failure;
use crate::metrics::Templates;

/// How long the last of it has to leave at the stop.
const FLUSH: Duration = Duration::from_secs(5);
/// What service and instruments are called.
const NAME: &str = "usermgmt";

/// What is measured, on its way to a collector.
pub(crate) struct Telemetry {
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
    engine: Arc<EngineTelemetry>,
    requests: Arc<Requests>,
    sampling: Option<JoinHandle<()>>,
}

impl Telemetry {
    /// Sends to this endpoint, below which are `v1/traces` and `v1/metrics`. A
    /// collector that is away or slow is waited for by nobody.
    ///
    /// # Errors
    /// [`Failure`] where TLS cannot be set up, or a variable of OpenTelemetry's
    /// is wrong.
    pub(crate) fn start(endpoint: &Url) -> Result<Self, Failure> {
        let wrong = |error: ExporterBuildError| Failure::Setting(format!("otel.endpoint: {error}"));
        let at = |path| format!("{}/v1/{path}", endpoint.as_str().trim_end_matches('/'));
        let client = collector::client()?;
        // Tries again by the next batch: the exporter's own pauses block a thread.
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(client.clone(), "traces"))
            .with_retry_policy(RetryPolicy::disabled())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(at("traces"))
            .build()
            .map_err(wrong)?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(Collector::new(client, "metrics"))
            .with_retry_policy(RetryPolicy::disabled())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(at("metrics"))
            .build()
            .map_err(wrong)?;
        let tracers = SdkTracerProvider::builder()
            .with_resource(resource())
            .with_span_processor(BatchSpanProcessor::builder(spans, Tokio).build())
            .build();
        let meters = SdkMeterProvider::builder()
            .with_resource(resource())
            .with_reader(PeriodicReader::builder(metrics, Tokio).build())
            .build();
        let (tracer, meter) = (tracers.tracer(NAME), meters.meter(NAME));
        Ok(Self {
            engine: Arc::new(EngineTelemetry::new(tracer.clone(), &meter)),
            requests: Arc::new(Requests::new(tracer, &meter)),
            tracers,
            meters,
            sampling: None,
        })
    }

    /// Takes what the engine tells, and passes it on to whoever else listens.
    pub(crate) fn beside(&self, other: Option<Arc<dyn Metrics>>) -> Arc<dyn Metrics> {
        let own = Arc::clone(&self.engine);
        match other {
            Some(other) => Arc::new(Both(own, other)),
            None => own,
        }
    }

    /// Observes requests, and from time to time the state of the engine.
    pub(crate) fn observe(&mut self, app: Router, auth: Auth) -> Router {
        let sampled = Sampled::new(&self.meters.meter(NAME));
        let templates = Templates::new(&auth.config().public_url);
        self.sampling = Some(tokio::spawn(sampled.follow(auth)));
        app.layer(from_fn_with_state((Arc::clone(&self.requests), templates), Requests::observe))
    }

    /// Sends what is left, where that takes no longer than [`FLUSH`].
    pub(crate) async fn stop(self) {
        let Self { tracers, meters, sampling, .. } = self;
        if let Some(sampling) = sampling {
            sampling.abort();
        }
        let (done, flushed) = tokio::sync::oneshot::channel();
        // It blocks, and a thread of the runtime's would be waited for.
        std::thread::spawn(move || {
            let ended = (tracers.shutdown(), meters.shutdown());
            let _ = done.send(ended.0.and(ended.1).is_ok());
        });
        if !matches!(tokio::time::timeout(FLUSH, flushed).await, Ok(Ok(true))) {
            tracing::warn!(
                "otel.endpoint: the last traces and metrics did not reach the collector"
            );
        }
    }
}

/// What all of it is about; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`
/// say more.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    let is_named = std::env::var_os("OTEL_SERVICE_NAME").is_some()
        || std::env::var("OTEL_RESOURCE_ATTRIBUTES")
            .is_ok_and(|attributes| attributes.contains("service.name="));
    if is_named { resource.build() } else { resource.with_service_name(NAME).build() }
}

#[derive(Debug)]
struct Both(Arc<EngineTelemetry>, Arc<dyn Metrics>);

impl Metrics for Both {
    fn count(&self, what: Counted) {
        self.0.count(what);
        self.1.count(what);
    }

    fn time(&self, what: Timed, took: Duration) {
        self.0.time(what, took);
        self.1.time(what, took);
    }
}
