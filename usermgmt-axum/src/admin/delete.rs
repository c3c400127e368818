//! DELETE /users/{id}

use axum::extract::State;
use axum::http::StatusCode;

use super::gate::{Writer, WriterRefusals};
use super::user::id_of;
use crate::error::{ApiError, ErrorBody};
use crate::path::Segment;
use crate::state::HttpState;

/// Deletes a user and every trace of the person. The audit log keeps the opaque id.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    operation_id = "admin_delete_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "`last_admin`: the last active administrator stays", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn delete(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    state.auth().remove_user(&by, &id_of(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
