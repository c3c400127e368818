//! GET /health

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::HttpState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "ok", "database": "ok", "user_service": "ok",
}))]
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
pub(crate) async fn health(
    State(state): State<HttpState>,
) -> (StatusCode, [(HeaderName, &'static str); 1], Json<UsersHealth>) {
    let (code, status, database) = if state.auth().ready().await.is_ok() {
        (StatusCode::OK, "ok", "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "error", "down")
    };
    let body = UsersHealth { status, database, user_service: "ok" };
    // Any page may read it: it is the same for everybody.
    (code, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(body))
}
