//! POST /signin

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use usermgmt_core::flows::{SignIn, SignInError, SignInOutcome, SignedIn};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::refresh::seconds;
use crate::body::Object;
use crate::client::{CaptchaHeader, ClientInfo, DeviceHeader};
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any};

/// `email` or `identifier`, and the password.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"identifier": "ada", "password": "analytical engine no. 1"}))]
pub(crate) struct SignInRequest {
    /// The address.
    #[schema(nullable = false)]
    email: Option<String>,
    /// In its place: username or address.
    #[schema(nullable = false)]
    identifier: Option<String>,
    #[schema(value_type = String, format = Password)]
    password: Option<PlaintextPassword>,
}

impl FromFields for SignInRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let email = fields.optional("email", any);
        let identifier = fields.optional("identifier", any);
        let password = fields.optional("password", any);
        Some(Self {
            email: email?,
            identifier: identifier?,
            password: password?.map(PlaintextPassword::from),
        })
    }
}

/// A session has begun.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "01990c5e-0000-7000-8000-000000000000", "email": "ada@example.org",
    "username": "ada", "access_token": "eyJ…", "refresh_token": "umr_…", "token_type": "Bearer",
    "expires_in": 900, "is_email_confirmed": true, "device_token": "umd_…",
}))]
pub(crate) struct SignedInBody {
    user_id: String,
    email: String,
    username: String,
    access_token: String,
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How many seconds the access token is good.
    expires_in: u64,
    is_email_confirmed: bool,
    /// Shows that this user has signed in on this device: to be sent with their
    /// next sign-in as `Usermgmt-Device`. Good for a year, until the password
    /// changes or they sign out everywhere.
    device_token: String,
}

impl From<SignedIn> for SignedInBody {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { user, tokens, device_token, .. } = signed_in;
        Self {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            username: user.username.to_string(),
            access_token: tokens.access_token.expose().clone(),
            refresh_token: tokens.refresh_token.expose().clone(),
            token_type: "Bearer",
            expires_in: seconds(tokens.expires_in),
            is_email_confirmed: user.is_email_confirmed(),
            device_token: device_token.expose().clone(),
        }
    }
}

/// The first factor is right; the second is asked for.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "message": "A second factor is required.", "error": "mfa_required", "mfa_token": "umt_…",
    "methods": ["totp", "recovery_code"],
}))]
pub(crate) struct MfaRequiredBody {
    message: &'static str,
    #[schema(inline)]
    error: MfaRequiredCode,
    /// For `/signin/mfa`; good for five minutes and five tries.
    mfa_token: String,
    /// What the user can answer with: `totp`, `passkey`, `recovery_code`.
    methods: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MfaRequiredCode {
    MfaRequired,
}

/// Unknown, wrong, unconfirmed and disabled alike.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message": "Login unsuccessful.", "error": "invalid_credentials",
}))]
pub(crate) struct InvalidCredentialsBody {
    message: String,
    #[schema(inline)]
    error: InvalidCredentialsCode,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what ApiError answers")]
enum InvalidCredentialsCode {
    InvalidCredentials,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what ApiError answers")]
pub(crate) enum SignInRefusal {
    MfaRequired(MfaRequiredBody),
    InvalidCredentials(InvalidCredentialsBody),
}

/// Signs in. Unknown, wrong, unconfirmed and disabled get one answer.
#[utoipa::path(
    post,
    path = "/signin",
    tag = "account",
    params(CaptchaHeader, DeviceHeader),
    request_body = SignInRequest,
    responses(
        (status = 200, description = "Signed in", body = SignedInBody),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 401, description = "`invalid_credentials`, or `mfa_required` where the account \
            has a second factor", body = SignInRefusal),
        (status = 403, description = "`captcha_required` or `captcha_failed`, where the application \
            asks for a captcha", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn sign_in(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<SignInRequest>,
) -> Result<Json<SignedInBody>, ApiError> {
    let (Some(identifier), Some(password)) =
        (request.identifier.or(request.email), request.password)
    else {
        return Err(SignInError::InvalidCredentials.into());
    };
    let command = SignIn::new(identifier, password);
    answer(state.auth().sign_in(&command, &client).await?)
}

/// How a first factor that was right is answered, whichever it was.
pub(crate) fn answer(outcome: SignInOutcome) -> Result<Json<SignedInBody>, ApiError> {
    match outcome {
        SignInOutcome::SignedIn(signed_in) => Ok(Json((*signed_in).into())),
        SignInOutcome::MfaRequired { ticket, methods } => {
            let body = MfaRequiredBody {
                message: "A second factor is required.",
                error: MfaRequiredCode::MfaRequired,
                mfa_token: ticket.expose().clone(),
                methods,
            };
            Err(ApiError::json(StatusCode::UNAUTHORIZED, &body))
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "Login unsuccessful.")
            }
            SignInError::Service(error) => error.into(),
        }
    }
}
