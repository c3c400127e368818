//! POST /signin/passkey/options, POST /signin/passkey and POST /signin/mfa/passkey/options

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use usermgmt_core::flows::{PasskeySignInError, SignInError};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::passkeys::PasskeyOptionsBody;
use super::sign_in::{InvalidCredentialsBody, SignedInBody};
use crate::body::{Object, OptionalObject};
use crate::client::{ClientInfo, DeviceHeader};
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any, not_empty};

/// A body that may be there and says nothing.
#[derive(Debug)]
pub(crate) struct NoFields;

impl FromFields for NoFields {
    const STYLE: Style = Style::Account;

    fn read(_: &mut Fields, _: &HttpState) -> Option<Self> {
        Some(Self)
    }
}

/// Asks for what a browser signs in by. It names nobody.
#[utoipa::path(
    post,
    path = "/signin/passkey/options",
    operation_id = "sign_in_passkey_options",
    tag = "account",
    responses(
        (status = 200, description = "What to ask the browser", body = PasskeyOptionsBody),
        (status = 404, description = "Passkeys are off (`sign_in.passkeys`)", body = ErrorBody),
        (status = 413, description = "It takes no body", body = ErrorBody),
        (status = 415, description = "It takes no body", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn options(
    State(state): State<HttpState>,
    OptionalObject(NoFields): OptionalObject<NoFields>,
) -> Result<Json<PasskeyOptionsBody>, ApiError> {
    Ok(Json(state.auth().passkey_sign_in_options()?.into()))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "request": "umt_…",
    "credential": {"id": "AQIDBAUG", "rawId": "AQIDBAUG", "type": "public-key", "response": {}},
}))]
pub(crate) struct SignInPasskeyRequest {
    /// From the answer to `/signin/passkey/options`.
    #[schema(value_type = String)]
    request: Option<String>,
    /// As `PublicKeyCredential.toJSON()` has it.
    #[schema(value_type = Object)]
    credential: Option<Value>,
}

impl FromFields for SignInPasskeyRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let request = fields.optional("request", any);
        let credential = fields.optional_json("credential");
        Some(Self { request: request?, credential })
    }
}

/// Signs in by a passkey, which stands for both factors. Unknown, wrong, used,
/// unconfirmed and disabled get one answer.
#[utoipa::path(
    post,
    path = "/signin/passkey",
    operation_id = "sign_in_passkey",
    tag = "account",
    params(DeviceHeader),
    request_body = SignInPasskeyRequest,
    responses(
        (status = 200, description = "Signed in", body = SignedInBody),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 401, description = "`invalid_credentials`", body = InvalidCredentialsBody),
        (status = 404, description = "Passkeys are off (`sign_in.passkeys`)", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn sign_in(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<SignInPasskeyRequest>,
) -> Result<Json<SignedInBody>, ApiError> {
    let asked = request.request.unwrap_or_default();
    let credential = request.credential.unwrap_or_default();
    Ok(Json(state.auth().sign_in_by_passkey(&asked, &credential, &client).await?.into()))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"mfa_token": "umt_…"}))]
pub(crate) struct MfaPasskeyOptionsRequest {
    /// From the answer to the first factor.
    #[schema(value_type = String)]
    mfa_token: PlaintextPassword,
}

impl FromFields for MfaPasskeyOptionsRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        Some(Self { mfa_token: fields.required("mfa_token", not_empty)?.into() })
    }
}

/// What a browser is to be asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "options": {"challenge": "3q2-7w", "rpId": "example.org", "allowCredentials": []},
}))]
pub(crate) struct MfaPasskeyOptionsBody {
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON()`.
    #[schema(value_type = Object)]
    options: Value,
}

/// Asks for what a browser answers the second factor by.
#[utoipa::path(
    post,
    path = "/signin/mfa/passkey/options",
    operation_id = "sign_in_mfa_passkey_options",
    tag = "account",
    request_body = MfaPasskeyOptionsRequest,
    responses(
        (status = 200, description = "What to ask the browser", body = MfaPasskeyOptionsBody),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 401, description = "`invalid_code`: the ticket is used or expired, or its user \
            has no passkey", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn mfa_options(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<MfaPasskeyOptionsRequest>,
) -> Result<Json<MfaPasskeyOptionsBody>, ApiError> {
    let options = state.auth().mfa_passkey_options(&request.mfa_token, &client).await?;
    Ok(Json(MfaPasskeyOptionsBody { options }))
}

impl From<PasskeySignInError> for ApiError {
    fn from(error: PasskeySignInError) -> Self {
        match error {
            PasskeySignInError::Off => Self::no_such_path(),
            PasskeySignInError::Invalid => SignInError::InvalidCredentials.into(),
            PasskeySignInError::Service(error) => error.into(),
        }
    }
}
