//! GET /health/live and GET /health/ready

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::HttpState;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `error`.
    status: &'static str,
}

/// Whether the process answers.
#[utoipa::path(
    get,
    path = "/health/live",
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
    tag = "server",
    responses(
        (status = 200, description = "They can", body = Health),
        (status = 503, description = "They cannot", body = Health),
    ),
    security(()),
)]
pub(crate) async fn ready(State(state): State<HttpState>) -> (StatusCode, Json<Health>) {
    if state.store_answers().await {
        (StatusCode::OK, Json(Health { status: "ok" }))
    } else {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        (status, Json(Health { status: "error" }))
    }
}
