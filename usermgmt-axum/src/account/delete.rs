//! DELETE /users

use axum::Json;
use axum::extract::State;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::error;
use crate::answer::Message;
use crate::body::OptionalObject;
use crate::error::{ApiError, ErrorBody};
use crate::extract::CurrentUser;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any};

/// What proves that it is the user who asks, where the sign-in is too long ago.
#[derive(Debug, ToSchema)]
pub(crate) struct ReauthenticateRequest {
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    pub(super) current_password: Option<PlaintextPassword>,
}

impl FromFields for ReauthenticateRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let current_password = fields.optional("current_password", any)?;
        Some(Self { current_password: current_password.map(PlaintextPassword::from) })
    }
}

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
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn delete(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    OptionalObject(request): OptionalObject<ReauthenticateRequest>,
) -> Result<Json<Message>, ApiError> {
    let password = request.current_password.as_ref();
    let deleted = state.auth().delete_account(&current, password).await;
    deleted.map_err(error::delete)?;
    Ok(Json(Message { message: "User deleted successfully" }))
}
