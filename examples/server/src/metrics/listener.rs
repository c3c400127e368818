//! `GET /metrics`, apart from what people reach.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;
use tokio::net::TcpListener;
use usermgmt_core::Auth;

use super::ServerMetrics;

#[derive(Clone)]
struct Shared {
    metrics: Arc<ServerMetrics>,
    auth: Auth,
}

/// Answers until `stop` is ready.
pub(crate) async fn serve(
    listener: TcpListener,
    metrics: Arc<ServerMetrics>,
    auth: Auth,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let app = Router::new().route("/metrics", get(show)).with_state(Shared { metrics, auth });
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "metrics are not served any more");
    }
}

async fn show(State(shared): State<Shared>) -> Response {
    shared.metrics.sampled.read(&shared.auth).await;
    match shared.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
