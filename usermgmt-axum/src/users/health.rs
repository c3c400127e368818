//! GET /health

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::HttpState;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsersHealth {
    /// `ok` or `error`.
    status: &'static str,
    /// `ok` or `down`.
    database: &'static str,
    /// Always `ok`.
    user_service: &'static str,
}

/// Whether the service and its database answer.
#[utoipa::path(
    get,
    path = "/health",
    tag = "users",
    operation_id = "users_health",
    responses(
        (status = 200, description = "Both do", body = UsersHealth),
        (status = 503, description = "The database does not", body = UsersHealth),
    ),
    security(()),
)]
pub(crate) async fn health(State(state): State<HttpState>) -> (StatusCode, Json<UsersHealth>) {
    let (code, status, database) = if state.store_answers().await {
        (StatusCode::OK, "ok", "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "error", "down")
    };
    let body = UsersHealth { status, database, user_service: "ok" };
    (code, Json(body))
}
