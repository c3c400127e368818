//! POST /signin/email and POST /signin/email/confirm

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::flows::{MailSignInError, MailSignInRequestError};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::sign_in::{MfaRequiredBody, SignedInBody, answer};
use crate::body::Object;
use crate::client::{CaptchaHeader, ClientInfo, DeviceHeader};
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Problems, Style, not_empty};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"email": "ada@example.org"}))]
pub(crate) struct SignInEmailRequest {
    #[schema(value_type = String, format = Email)]
    email: String,
}

impl FromFields for SignInEmailRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        Some(Self { email: fields.required("email", not_empty)? })
    }
}

/// The mail is on its way to whoever has an account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "message": "If the email can sign in, a code has been sent.", "request": "umt_…",
}))]
pub(crate) struct SignInEmailBody {
    message: &'static str,
    /// To be brought back with the code, which works only here.
    request: String,
}

/// Mails a code and a link to sign in. The answer is the same for every address.
#[utoipa::path(
    post,
    path = "/signin/email",
    operation_id = "sign_in_email",
    tag = "account",
    params(CaptchaHeader),
    request_body = SignInEmailRequest,
    responses(
        (status = 200, description = "Accepted", body = SignInEmailBody),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 404, description = "Signing in by mail is off (`sign_in.email`)", body = ErrorBody),
        (status = 403, description = "`captcha_required` or `captcha_failed`, where the application \
            asks for a captcha", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn request(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<SignInEmailRequest>,
) -> Result<Json<SignInEmailBody>, ApiError> {
    let request = state.auth().mail_sign_in(&request.email, &client).await?;
    Ok(Json(SignInEmailBody {
        message: "If the email can sign in, a code has been sent.",
        request: request.expose().clone(),
    }))
}

impl From<MailSignInRequestError> for ApiError {
    fn from(error: MailSignInRequestError) -> Self {
        match error {
            MailSignInRequestError::Off => Self::no_such_path(),
            MailSignInRequestError::Unreachable(why) => {
                Problems::of_field("email", why.into()).answer(Style::Account)
            }
            MailSignInRequestError::Service(error) => error.into(),
        }
    }
}

/// The code with what it was asked for with, or the link's token.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"email": "ada@example.org", "code": "12345678", "request": "umt_…"}))]
pub(crate) struct ConfirmSignInEmailRequest {
    /// The address that was asked for.
    #[schema(value_type = Option<String>, nullable = false)]
    email: String,
    /// The eight digits from the mail.
    #[schema(value_type = Option<String>, nullable = false)]
    code: PlaintextPassword,
    /// From the answer to `/signin/email`.
    #[schema(nullable = false)]
    request: Option<String>,
    /// In place of the others: from the mailed link.
    #[schema(value_type = Option<String>, nullable = false)]
    token: Option<PlaintextPassword>,
}

impl FromFields for ConfirmSignInEmailRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let token = fields.optional("token", not_empty);
        let (email, code) = if let Some(None) = token {
            let (email, code) =
                (fields.required("email", not_empty), fields.required("code", not_empty));
            (email.map(Some), code.map(Some))
        } else {
            (fields.optional("email", not_empty), fields.optional("code", not_empty))
        };
        let request = fields.optional("request", not_empty);
        Some(Self {
            email: email?.unwrap_or_default(),
            code: code?.unwrap_or_default().into(),
            request: request?,
            token: token?.map(PlaintextPassword::from),
        })
    }
}

/// Signs in by what was mailed: the code where it was asked for, or the link.
#[utoipa::path(
    post,
    path = "/signin/email/confirm",
    operation_id = "confirm_sign_in_email",
    tag = "account",
    params(DeviceHeader),
    request_body = ConfirmSignInEmailRequest,
    responses(
        (status = 200, description = "Signed in", body = SignedInBody),
        (status = 400, description = "`invalid_code`: wrong, expired, tried too often or asked \
            for elsewhere; `invalid_token`", body = ErrorBody),
        (status = 401, description = "`mfa_required`: the account has a second factor",
            body = MfaRequiredBody),
        (status = 404, description = "Signing in by mail is off (`sign_in.email`)", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn confirm(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<ConfirmSignInEmailRequest>,
) -> Result<Json<SignedInBody>, ApiError> {
    let auth = state.auth();
    if let Some(token) = &request.token {
        return answer(auth.sign_in_by_link(token.expose(), &client).await?);
    }
    // Without it the code was asked for nowhere.
    let asked = request.request.as_deref().unwrap_or_default();
    answer(auth.sign_in_by_code(&request.email, &request.code, asked, &client).await?)
}

impl From<MailSignInError> for ApiError {
    fn from(error: MailSignInError) -> Self {
        match error {
            MailSignInError::Off => Self::no_such_path(),
            MailSignInError::InvalidCode => Self::invalid_code(),
            MailSignInError::InvalidToken => {
                Self::bad_request("invalid_token", "Invalid or expired token")
            }
            MailSignInError::Service(error) => error.into(),
        }
    }
}
