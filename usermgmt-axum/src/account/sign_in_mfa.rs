//! POST /signin/mfa

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use usermgmt_core::flows::MfaSignInError;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::sign_in::SignedInBody;
use crate::body::Object;
use crate::client::{ClientInfo, DeviceHeader};
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, not_empty};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"mfa_token": "umt_…", "code": "123456"}))]
pub(crate) struct SignInMfaRequest {
    /// From the answer to `/signin`.
    #[schema(value_type = String)]
    mfa_token: PlaintextPassword,
    /// From the authenticator app, or a recovery code.
    #[schema(value_type = Option<String>, nullable = false)]
    code: Option<PlaintextPassword>,
    /// In place of the code, where the user has a passkey: as
    /// `PublicKeyCredential.toJSON()` has it.
    #[cfg(feature = "passkeys")]
    #[schema(value_type = Option<Object>, nullable = false)]
    credential: Option<serde_json::Value>,
}

impl FromFields for SignInMfaRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let mfa_token = fields.required("mfa_token", not_empty);
        #[cfg(feature = "passkeys")]
        let credential = fields.optional_json("credential").filter(|value| !value.is_null());
        #[cfg(feature = "passkeys")]
        let is_alone = credential.is_some();
        #[cfg(not(feature = "passkeys"))]
        let is_alone = false;
        let code = match is_alone {
            true => fields.optional("code", not_empty),
            false => fields.required("code", not_empty).map(Some),
        };
        Some(Self {
            mfa_token: mfa_token?.into(),
            code: code?.map(PlaintextPassword::from),
            #[cfg(feature = "passkeys")]
            credential,
        })
    }
}

/// Completes a sign-in by the second factor.
#[utoipa::path(
    post,
    path = "/signin/mfa",
    tag = "account",
    params(DeviceHeader),
    request_body = SignInMfaRequest,
    responses(
        (status = 200, description = "Signed in", body = SignedInBody),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 401, description = "`invalid_code`: wrong, or the ticket is used, expired or \
            tried too often", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn sign_in_mfa(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<SignInMfaRequest>,
) -> Result<Json<SignedInBody>, ApiError> {
    let (auth, ticket) = (state.auth(), &request.mfa_token);
    #[cfg(feature = "passkeys")]
    if let Some(credential) = &request.credential {
        let signed_in = auth.sign_in_mfa_by_passkey(ticket, credential, &client).await?;
        return Ok(Json(signed_in.into()));
    }
    let code = request.code.unwrap_or_else(|| PlaintextPassword::from(""));
    let signed_in = auth.sign_in_mfa(ticket, &code, &client).await?;
    Ok(Json(signed_in.into()))
}

impl From<MfaSignInError> for ApiError {
    fn from(error: MfaSignInError) -> Self {
        match error {
            MfaSignInError::InvalidCode => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_code", "The code is invalid")
            }
            MfaSignInError::Service(error) => error.into(),
        }
    }
}
