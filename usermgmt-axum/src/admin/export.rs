//! GET /users/{id}/export

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde_json::Value;

use super::gate::{Reader, ReaderRefusals};
use super::user::id_of;
use crate::error::{ApiError, ErrorBody};
use crate::path::Segment;
use crate::state::HttpState;

/// Everything that is kept about a person, as one document to be saved: the
/// account, other ways in, sessions, devices, mails that are not sent, links that are
/// still good, and the audit log. No hash, secret, token or code.
#[utoipa::path(
    get,
    path = "/users/{id}/export",
    operation_id = "admin_export_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The document", body = Object,
            headers(("Content-Disposition" = String, description = "`attachment`"))),
        (status = 404, description = "There is none", body = ErrorBody),
        ReaderRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn export(
    State(state): State<HttpState>,
    _: Reader,
    Segment(id): Segment,
) -> Result<([(HeaderName, &'static str); 1], Json<Value>), ApiError> {
    let document = state.auth().export_user(&id_of(&id)?).await?;
    // Not the name, which a person chose and a file system would have to take.
    let disposition = "attachment; filename=\"user.json\"";
    Ok(([(header::CONTENT_DISPOSITION, disposition)], Json(document)))
}
