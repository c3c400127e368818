//! GET /health/live and GET /health/ready

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use usermgmt_core::with_causes;
use utoipa::ToSchema;

use crate::state::HttpState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub(crate) struct Health {
    /// `ok` or `error`.
    status: &'static str,
}

/// Whether the process answers.
#[utoipa::path(
    get,
    path = "/health/live",
    operation_id = "health_live",
    tag = "server",
    responses((status = 200, description = "It does", body = Health)),
    security(()),
)]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests can be served: the store answers and its schema is the right one.
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "health_ready",
    tag = "server",
    responses(
        (status = 200, description = "They can", body = Health),
        (status = 503, description = "They cannot", body = Health),
    ),
    security(()),
)]
pub(crate) async fn ready(State(state): State<HttpState>) -> (StatusCode, Json<Health>) {
    match state.auth().ready().await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok" })),
        Err(error) => {
            tracing::warn!(error = %with_causes(&error), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "error" }))
        }
    }
}
