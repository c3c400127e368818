//! PUT /password, POST /password/forgot and POST /password/reset

use axum::Json;
use axum::extract::State;
use usermgmt_core::flows::ResetError;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::profile;
use crate::answer::Message;
use crate::body::Object;
use crate::client::{CaptchaHeader, ClientInfo};
use crate::error::{ApiError, ErrorBody};
use crate::extract::CurrentUser;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Problems, Style, new_password, not_empty};

#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "current_password": "analytical engine no. 1", "new_password": "difference engine no. 2",
}))]
pub(crate) struct ChangePasswordRequest {
    /// Left out by who has no password, and has signed in within 15 minutes.
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    current_password: Option<PlaintextPassword>,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    new_password: PlaintextPassword,
}

impl FromFields for ChangePasswordRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let current_password = fields.optional("current_password", not_empty);
        let new_password = fields.required("new_password", new_password(state));
        let current_password = current_password?.map(PlaintextPassword::from);
        Some(Self { current_password, new_password: new_password? })
    }
}

/// Changes the password, or sets the first one; all other sessions end.
#[utoipa::path(
    put,
    path = "/password",
    operation_id = "change_password",
    tag = "account",
    request_body = ChangePasswordRequest,
    responses(
        (status = 200, description = "Changed", body = Message),
        (status = 400, description = "The current password is wrong, or the new one not accepted", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`: a first password needs a recent \
            sign-in", body = ErrorBody),
        (status = 404, description = "The user was deleted since", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn change(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Object(request): Object<ChangePasswordRequest>,
) -> Result<Json<Message>, ApiError> {
    let (auth, new) = (state.auth(), &request.new_password);
    let changed = match &request.current_password {
        Some(old) => auth.change_password(&current, old, new).await,
        None => auth.set_first_password(&current, new).await,
    };
    changed.map_err(|error| profile::refused(error, Style::Account, "new_password"))?;
    Ok(Json(Message { message: "Password changed successfully" }))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"identifier": "ada"}))]
pub(crate) struct ForgotPasswordRequest {
    /// Username or address.
    #[schema(value_type = Option<String>, nullable = false)]
    identifier: String,
    /// In its place: the address.
    #[schema(value_type = Option<String>, nullable = false)]
    #[expect(dead_code, reason = "read into `identifier`")]
    email: (),
}

impl FromFields for ForgotPasswordRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let email = fields.optional("email", not_empty);
        let identifier = match email {
            Some(None) => fields.required("identifier", not_empty).map(Some),
            _ => fields.optional("identifier", not_empty),
        };
        Some(Self { identifier: identifier?.or(email?)?, email: () })
    }
}

/// Mails a link to set a new password. The answer is the same for everybody.
#[utoipa::path(
    post,
    path = "/password/forgot",
    operation_id = "forgot_password",
    tag = "account",
    params(CaptchaHeader),
    request_body = ForgotPasswordRequest,
    responses(
        (status = 200, description = "Accepted", body = Message),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 403, description = "`captcha_required` or `captcha_failed`, where the application \
            asks for a captcha", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn forgot(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<ForgotPasswordRequest>,
) -> Result<Json<Message>, ApiError> {
    let identifier = &request.identifier;
    state.auth().forgot_password(identifier, &client).await?;
    Ok(Json(Message { message: "If the email exists, a reset link has been sent." }))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"token": "umt_…", "new_password": "difference engine no. 2"}))]
pub(crate) struct ResetPasswordRequest {
    #[schema(value_type = String)]
    token: PlaintextPassword,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    new_password: PlaintextPassword,
}

impl FromFields for ResetPasswordRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let token = fields.required("token", not_empty);
        let new_password = fields.required("new_password", new_password(state));
        Some(Self { token: token?.into(), new_password: new_password? })
    }
}

/// Sets a new password by the link that was mailed for it; every session ends.
#[utoipa::path(
    post,
    path = "/password/reset",
    operation_id = "reset_password",
    tag = "account",
    request_body = ResetPasswordRequest,
    responses(
        (status = 200, description = "Set", body = Message),
        (status = 400, description = "`invalid_token`, or the new password is not accepted", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn reset(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<ResetPasswordRequest>,
) -> Result<Json<Message>, ApiError> {
    let (token, password) = (request.token.expose(), &request.new_password);
    state.auth().reset_password(token, password, &client).await?;
    Ok(Json(Message { message: "Password has been reset successfully." }))
}

/// Of a reset; the page says the same.
impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::InvalidToken => {
                Self::bad_request("invalid_token", "Invalid or expired token")
            }
            ResetError::Password(problem) => {
                Problems::of_field("new_password", problem.into()).answer(Style::Account)
            }
            ResetError::Service(error) => error.into(),
        }
    }
}
