//! GET /sessions and DELETE /sessions/{id}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use usermgmt_core::Session;
use usermgmt_core::flows::SessionError;
use usermgmt_core::model::ids::SessionId;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::extract::CurrentUser;
use crate::path::Segment;
use crate::state::HttpState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"sessions": [{
    "id": "01990c5e-0000-7000-8000-000000000001", "created_at": "2026-01-05T09:30:00.000Z",
    "last_seen_at": "2026-01-06T08:00:00.000Z", "ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0", "current": true,
}]}))]
pub(crate) struct SessionsBody {
    sessions: Vec<SessionBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000001", "created_at": "2026-01-05T09:30:00.000Z",
    "last_seen_at": "2026-01-06T08:00:00.000Z", "ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0", "current": true,
}))]
pub(crate) struct SessionBody {
    id: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_seen_at: String,
    ip: Option<String>,
    user_agent: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionBody {
    /// As the request of session `current` sees it.
    pub(crate) fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            ip: session.ip.map(|ip| ip.to_string()),
            user_agent: session.user_agent,
            current: session.id == current,
        }
    }
}

/// The user's sessions, the one used last first.
#[utoipa::path(
    get,
    path = "/sessions",
    operation_id = "list_sessions",
    tag = "account",
    responses(
        (status = 200, description = "The sessions", body = SessionsBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn list(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
) -> Result<Json<SessionsBody>, ApiError> {
    let sessions = state.auth().sessions(&current.user.id).await?;
    let current = current.session.id;
    let sessions = sessions.into_iter().map(|session| SessionBody::new(session, current));
    Ok(Json(SessionsBody { sessions: sessions.collect() }))
}

/// Ends one of the user's sessions.
#[utoipa::path(
    delete,
    path = "/sessions/{id}",
    operation_id = "end_session",
    tag = "account",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 404, description = "The user has no such session", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn end(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| SessionError::NotFound)?;
    state.auth().end_session(&current.user.id, id, &current.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => Self::not_found("Session not found"),
            SessionError::Service(error) => error.into(),
        }
    }
}
