//! POST /signin

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::flows::{SignIn, SignInOutcome, SignedIn};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::error;
use super::refresh::seconds;
use crate::body::Object;
use crate::client::ClientInfo;
use crate::error::ApiError;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any};

/// `email` or `identifier`, and the password.
#[derive(Debug, ToSchema)]
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
}

impl From<SignedIn> for SignedInBody {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { user, tokens, .. } = signed_in;
        Self {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            username: user.username.to_string(),
            access_token: tokens.access_token.expose().clone(),
            refresh_token: tokens.refresh_token.expose().clone(),
            token_type: "Bearer",
            expires_in: seconds(tokens.expires_in),
            is_email_confirmed: user.is_email_confirmed(),
        }
    }
}

/// The password is right; the second factor is asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct MfaRequiredBody {
    pub(super) message: &'static str,
    /// Always `mfa_required`.
    pub(super) error: &'static str,
    /// For `/signin/mfa`; good for five minutes and five tries.
    pub(super) mfa_token: String,
    /// What the user can answer with: `totp`, `recovery_code`.
    pub(super) methods: Vec<&'static str>,
}

/// Signs in. Unknown, wrong, unconfirmed and disabled get one answer.
#[utoipa::path(
    post,
    path = "/signin",
    tag = "account",
    request_body = SignInRequest,
    responses(
        (status = 200, description = "Signed in", body = SignedInBody),
        (status = 401, description = "`invalid_credentials`, or `mfa_required` where the account \
            has a second factor", body = MfaRequiredBody),
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
        return Err(error::invalid_credentials());
    };
    let command = SignIn::new(identifier, password);
    let outcome = state.auth().sign_in(&command, &client).await;
    match outcome.map_err(error::sign_in)? {
        SignInOutcome::SignedIn(signed_in) => Ok(Json((*signed_in).into())),
        SignInOutcome::MfaRequired { ticket, methods } => {
            Err(error::mfa_required(&ticket, methods))
        }
    }
}
