//! POST /password/forgot and POST /password/reset

use axum::Json;
use axum::extract::State;
use usermgmt_core::flows::ResetError;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::caller::Caller;
use super::end_user::EndUserHeaders;
use crate::answer::Message;
use crate::body::Object;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, new_password, not_empty, text};

#[derive(Debug, ToSchema)]
#[schema(as = UsersForgotPasswordRequest, example = json!({"identifier": "ada"}))]
pub(crate) struct ForgotRequest {
    /// Address or username.
    #[schema(min_length = 3)]
    identifier: String,
}

impl FromFields for ForgotRequest {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let identifier = fields.required("identifier", text(3, usize::MAX))?;
        Some(Self { identifier })
    }
}

/// Mails a link to set a new password. The answer is the same for everybody.
#[utoipa::path(
    post,
    path = "/password/forgot",
    tag = "users",
    operation_id = "users_forgot_password",
    params(EndUserHeaders),
    request_body = ForgotRequest,
    responses(
        (status = 200, description = "Accepted", body = Message),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn forgot(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    Object(request): Object<ForgotRequest>,
) -> Result<Json<Message>, ApiError> {
    let identifier = &request.identifier;
    state.auth().forgot_password(identifier, &caller.asking(client)).await?;
    Ok(Json(Message { message: "If the email exists, a reset link has been sent." }))
}

#[derive(Debug, ToSchema)]
#[schema(as = UsersResetPasswordRequest, example = json!({
    "token": "umt_…", "new_password": "difference engine no. 2",
}))]
pub(crate) struct ResetRequest {
    /// From the mail.
    #[schema(value_type = String, min_length = 1)]
    token: PlaintextPassword,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    new_password: PlaintextPassword,
}

impl FromFields for ResetRequest {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let token = fields.required("token", not_empty);
        let new_password = fields.required("new_password", new_password(state));
        Some(Self { token: token?.into(), new_password: new_password? })
    }
}

/// Sets a new password by the token that was mailed for it; every session ends.
#[utoipa::path(
    post,
    path = "/password/reset",
    tag = "users",
    operation_id = "users_reset_password",
    params(EndUserHeaders),
    request_body = ResetRequest,
    responses(
        (status = 200, description = "Set", body = Message),
        (status = 400, description = "Not a valid request, or the password is not accepted", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 404, description = "No such token, or it has expired", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn reset(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    Object(request): Object<ResetRequest>,
) -> Result<Json<Message>, ApiError> {
    let (token, password) = (request.token.expose(), &request.new_password);
    let reset = state.auth().reset_password(token, password, &caller.asking(client)).await;
    reset.map_err(|error| match error {
        ResetError::InvalidToken => ApiError::not_found("Invalid or expired token"),
        other => other.into(),
    })?;
    Ok(Json(Message { message: "Password has been reset successfully." }))
}
