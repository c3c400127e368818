//! GET /users/{id}

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::store::directory::AuditFilter;
use utoipa::ToSchema;

use super::audit::EntryBody;
use super::gate::{Reader, ReaderRefusals};
use super::user::{AdminUserBody, id_of, user_body};
use crate::account::sessions::SessionBody;
use crate::error::{ApiError, ErrorBody};
use crate::path::Segment;
use crate::state::HttpState;

/// How many entries of the audit log are shown.
const ENTRIES: usize = 20;

/// A user with what hangs on them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000000", "username": "ada", "email": "ada@example.org",
    "is_email_confirmed": true, "is_disabled": false, "role": "user", "first_name": "Ada",
    "last_name": "King", "gender": null, "locale": "en", "mfa_enabled": false,
    "created_at": "2026-01-05T09:30:00.000Z", "updated_at": "2026-01-05T09:30:00.000Z",
    "last_sign_in_at": "2026-01-06T08:00:00.000Z",
    "sessions": [{
        "id": "01990c5e-0000-7000-8000-000000000001", "created_at": "2026-01-05T09:30:00.000Z",
        "last_seen_at": "2026-01-06T08:00:00.000Z", "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0", "current": false,
    }],
    "recovery_codes_left": 0,
    "audit": [{
        "id": "01990c5e-0000-7000-8000-000000000002", "at": "2026-01-06T08:05:00.000Z",
        "action": "user.disabled", "user_id": "01990c5e-0000-7000-8000-000000000000",
        "actor": {"kind": "admin", "id": "01990c5e-0000-7000-8000-000000000003"},
        "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "request_id": "5b8a1f0c", "detail": [],
    }],
}))]
pub(crate) struct UserDetailBody {
    #[serde(flatten)]
    user: AdminUserBody,
    /// The one used last first.
    sessions: Vec<SessionBody>,
    /// Unused recovery codes.
    recovery_codes_left: u64,
    /// The last 20 entries about the user, the latest first.
    audit: Vec<EntryBody>,
}

/// A user, with sessions and what happened lately.
#[utoipa::path(
    get,
    path = "/users/{id}",
    operation_id = "admin_get_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user", body = UserDetailBody),
        (status = 404, description = "There is none", body = ErrorBody),
        ReaderRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn show(
    State(state): State<HttpState>,
    Reader(admin): Reader,
    Segment(id): Segment,
) -> Result<Json<UserDetailBody>, ApiError> {
    let (id, auth) = (id_of(&id)?, state.auth());
    let user = user_body(&id, &state).await?;
    let sessions = auth.sessions(&id).await?;
    let codes = auth.recovery_codes_left(&id).await?;
    let about = AuditFilter { user: Some(id), ..AuditFilter::default() };
    let audit = auth.admin_audit(&about, ENTRIES, None).await?;
    let current = admin.session.id;
    Ok(Json(UserDetailBody {
        user,
        sessions: sessions.into_iter().map(|one| SessionBody::new(one, current)).collect(),
        recovery_codes_left: codes,
        audit: audit.rows.into_iter().map(Into::into).collect(),
    }))
}
