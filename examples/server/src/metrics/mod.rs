//! Metrics for Prometheus, on a listener of their own (`metrics.listen`).

mod buckets;
mod engine;
mod http;
mod listener;
mod process;
mod rotation;
mod sampled;
mod templates;

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

#[cfg(feature = "otel")]
pub(crate) use self::buckets::latency_buckets;
pub(crate) use self::engine::EngineMetrics;
#[cfg(feature = "otel")]
pub(crate) use self::engine::{CONNECTIONS, OVERLOADED};
pub(crate) use self::http::HttpMetrics;
#[cfg(feature = "otel")]
pub(crate) use self::http::known_method;
pub(crate) use self::listener::serve;
use self::process::ProcessCollector;
pub(crate) use self::rotation::{ReadOutcome, RotationMetrics};
use self::sampled::Sampled;
pub(crate) use self::templates::Templates;

/// Every metric of this process.
#[derive(Debug)]
pub(crate) struct ServerMetrics {
    registry: Mutex<Registry>,
    pub(crate) engine: Arc<EngineMetrics>,
    pub(crate) http: Arc<HttpMetrics>,
    pub(crate) rotation: Arc<RotationMetrics>,
    sampled: Sampled,
}

impl ServerMetrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessCollector));
        let own = registry.sub_registry_with_prefix("usermgmt");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        own.register("build", "The version that runs", build);
        let engine = EngineMetrics::register(own);
        let http = HttpMetrics::register(own);
        let rotation = RotationMetrics::register(own);
        let sampled = Sampled::register(own);
        Self {
            registry: Mutex::new(registry),
            engine: Arc::new(engine),
            http: Arc::new(http),
            rotation: Arc::new(rotation),
            sampled,
        }
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        prometheus_text::encode(&mut text, &registry)?;
        Ok(text)
    }
}
