//! POST /resend-confirmation and POST /confirm

use axum::Json;
use axum::extract::State;
use usermgmt_core::flows::{CodeError, ResendError};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use crate::answer::Message;
use crate::body::Object;
use crate::client::{CaptchaHeader, ClientInfo};
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any, not_empty};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"email": "ada@example.org"}))]
pub(crate) struct ResendRequest {
    #[schema(value_type = String, format = Email)]
    email: Option<String>,
}

impl FromFields for ResendRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let email = fields.nullable("email", any)?;
        Some(Self { email })
    }
}

/// Mails the confirmation again. The answer is the same for every address.
#[utoipa::path(
    post,
    path = "/resend-confirmation",
    tag = "account",
    params(CaptchaHeader),
    request_body = ResendRequest,
    responses(
        (status = 200, description = "Accepted", body = Message),
        (status = 400, description = "No address given", body = ErrorBody),
        (status = 403, description = "`captcha_required` or `captcha_failed`, where the application \
            asks for a captcha", body = ErrorBody),
        (status = 404, description = "Nobody has the address, where \
            `compat.reveal_existing_accounts` says so", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn resend_confirmation(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<ResendRequest>,
) -> Result<Json<Message>, ApiError> {
    let email = request.email.as_deref().map(str::trim).unwrap_or_default();
    if email.is_empty() {
        return Err(ApiError::bad_request("validation_error", "Email is required"));
    }
    state.auth().resend_confirmation(email, &client).await?;
    Ok(Json(Message { message: "Email confirmation sent" }))
}

impl From<ResendError> for ApiError {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::UnknownUser => Self::user_not_found(),
            ResendError::Service(error) => error.into(),
        }
    }
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"email": "ada@example.org", "code": "12345678"}))]
pub(crate) struct ConfirmRequest {
    #[schema(value_type = String, format = Email)]
    email: String,
    /// The eight digits from the mail.
    #[schema(value_type = String)]
    code: PlaintextPassword,
}

impl FromFields for ConfirmRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let email = fields.required("email", not_empty);
        let code = fields.required("code", not_empty);
        Some(Self { email: email?, code: code?.into() })
    }
}

/// Confirms an address by the short code that was mailed to it.
#[utoipa::path(
    post,
    path = "/confirm",
    operation_id = "confirm_by_code",
    tag = "account",
    request_body = ConfirmRequest,
    responses(
        (status = 200, description = "Confirmed", body = Message),
        (status = 400, description = "`invalid_code`: wrong, expired or tried too often; the same \
            for every address", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn confirm(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<ConfirmRequest>,
) -> Result<Json<Message>, ApiError> {
    let (email, code) = (&request.email, &request.code);
    state.auth().confirm_by_code(email, code, &client).await?;
    Ok(Json(Message { message: "Email confirmed" }))
}

impl From<CodeError> for ApiError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Invalid => Self::invalid_code(),
            CodeError::Service(error) => error.into(),
        }
    }
}
