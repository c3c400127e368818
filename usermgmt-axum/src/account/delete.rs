//! DELETE /users

use axum::Json;
use axum::extract::State;
use usermgmt_core::flows::DeleteError;

use super::reauthenticate::ReauthenticateRequest;
use crate::answer::Message;
use crate::body::OptionalObject;
use crate::error::{ApiError, ErrorBody};
use crate::extract::CurrentOrLegacyUser;
use crate::state::HttpState;

/// Deletes the user's own account.
#[utoipa::path(
    delete,
    path = "/users",
    operation_id = "delete_account",
    tag = "account",
    request_body = Option<ReauthenticateRequest>,
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 400, description = "The current password is wrong", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`: it needs `current_password` or a \
            recent sign-in", body = ErrorBody),
        (status = 404, description = "The user was deleted since", body = ErrorBody),
        (status = 409, description = "`last_admin`: the last active administrator stays", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn delete(
    State(state): State<HttpState>,
    CurrentOrLegacyUser(current): CurrentOrLegacyUser,
    OptionalObject(request): OptionalObject<ReauthenticateRequest>,
) -> Result<Json<Message>, ApiError> {
    let password = request.current_password.as_ref();
    state.auth().delete_account(&current, password).await?;
    Ok(Json(Message { message: "User deleted successfully" }))
}

impl From<DeleteError> for ApiError {
    fn from(error: DeleteError) -> Self {
        match error {
            DeleteError::NotFound => Self::user_not_found(),
            DeleteError::LastAdmin => Self::last_admin(),
            DeleteError::Reauthentication(error) => error.into(),
            DeleteError::Service(error) => error.into(),
        }
    }
}
