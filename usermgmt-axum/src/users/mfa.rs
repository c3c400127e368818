//! PATCH /mfa/enable, PATCH /mfa/disable, GET /mfa/qr, GET /mfa/status and POST /mfa/verify

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use usermgmt_core::flows::{MfaError, TotpEnrolment};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::caller::Caller;
use super::end_user::{EndUserHeaders, device_header};
use super::find::ById;
use super::user::{UserBody, user_by_id};
use crate::body::{Object, QueryFields};
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any};

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "01990c5e-0000-7000-8000-000000000000",
    "provisioning_uri": "otpauth://totp/Example:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example",
    "qr_code_base64": "iVBORw0KGgo…",
}))]
pub(crate) struct MfaBody {
    user_id: String,
    provisioning_uri: String,
    /// A PNG.
    qr_code_base64: String,
}

impl MfaBody {
    fn new(user: &UserId, enrolment: &TotpEnrolment) -> Result<Self, ApiError> {
        let png = enrolment.qr_png().map_err(|error| ApiError::internal(&error))?;
        Ok(Self {
            user_id: user.to_string(),
            provisioning_uri: enrolment.provisioning_uri.expose().clone(),
            qr_code_base64: STANDARD.encode(png),
        })
    }
}

/// Begins enrolment: a secret that waits for its first code. A confirmed factor
/// holds until then.
#[utoipa::path(
    patch,
    path = "/mfa/enable",
    tag = "users",
    operation_id = "users_enable_mfa",
    request_body = ById,
    responses(
        (status = 200, description = "The secret", body = MfaBody),
        (status = 400, description = "Not a valid request", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 403, description = "The user is an admin, and the key may not change admins", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn enable(
    State(state): State<HttpState>,
    caller: Caller,
    Object(request): Object<ById>,
) -> Result<Json<MfaBody>, ApiError> {
    let user = user_by_id(&request.user_id, &state).await?;
    caller.may_change(&user)?;
    let enrolment = state.auth().begin_totp(&user.id).await;
    MfaBody::new(&user.id, &enrolment.map_err(refused)?).map(Json)
}

/// Turns the second factor off, or drops the secret that waits.
#[utoipa::path(
    patch,
    path = "/mfa/disable",
    tag = "users",
    operation_id = "users_disable_mfa",
    request_body = ById,
    responses(
        (status = 200, description = "The second factor is off", body = UserBody),
        (status = 400, description = "Not a valid request, or it was not on", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 403, description = "The user is an admin, and the key may not change admins", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn disable(
    State(state): State<HttpState>,
    caller: Caller,
    Object(request): Object<ById>,
) -> Result<Json<UserBody>, ApiError> {
    let user = user_by_id(&request.user_id, &state).await?;
    caller.may_change(&user)?;
    let user = state.auth().reset_mfa(&user.id).await.map_err(refused)?;
    Ok(Json(UserBody::new(user, &state)))
}

/// The secret that waits for its first code, again.
#[utoipa::path(
    get,
    path = "/mfa/qr",
    tag = "users",
    operation_id = "users_mfa_qr",
    params(("user_id" = String, Query, description = "The user's id")),
    responses(
        (status = 200, description = "The secret", body = MfaBody),
        (status = 400, description = "No id, or no secret waits", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 403, description = "The user is an admin, and the key may not change admins", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn qr(
    State(state): State<HttpState>,
    caller: Caller,
    QueryFields(query): QueryFields<ById>,
) -> Result<Json<MfaBody>, ApiError> {
    let user = user_by_id(&query.user_id, &state).await?;
    // Whoever sees the secret can answer for the factor.
    caller.may_change(&user)?;
    let enrolment = state.auth().pending_totp(&user.id).await;
    MfaBody::new(&user.id, &enrolment.map_err(refused)?).map(Json)
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "01990c5e-0000-7000-8000-000000000000", "enabled": true, "pending": false,
}))]
pub(crate) struct MfaStatusBody {
    user_id: String,
    /// Whether signing in asks for it.
    enabled: bool,
    /// Whether a secret waits for its first code.
    pending: bool,
}

/// Whether a user has a second factor.
#[utoipa::path(
    get,
    path = "/mfa/status",
    tag = "users",
    operation_id = "users_mfa_status",
    params(("user_id" = String, Query, description = "The user's id")),
    responses(
        (status = 200, description = "Whether it is on", body = MfaStatusBody),
        (status = 400, description = "No id", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn status(
    State(state): State<HttpState>,
    _: Caller,
    QueryFields(query): QueryFields<ById>,
) -> Result<Json<MfaStatusBody>, ApiError> {
    let id: UserId = query.user_id.parse().map_err(|_| ApiError::user_not_found())?;
    let status = state.auth().mfa_status(&id).await.map_err(refused)?;
    Ok(Json(MfaStatusBody {
        user_id: id.to_string(),
        enabled: status.enabled,
        pending: status.pending,
    }))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"user_id": "01990c5e-0000-7000-8000-000000000000", "code": "123456"}))]
pub(crate) struct VerifyRequest {
    user_id: String,
    /// From the authenticator app, or a recovery code.
    #[schema(value_type = String)]
    code: PlaintextPassword,
}

impl FromFields for VerifyRequest {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let user_id = fields.required("user_id", any);
        let code = fields.required("code", any);
        Some(Self { user_id: user_id?, code: code?.into() })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"valid": true}))]
pub(crate) struct ValidBody {
    /// Always true.
    valid: bool,
}

/// Verifies a code; the first one turns the second factor on.
///
/// A service says who its own user is as at `auth/check`; the answer to a right code
/// carries the next `Usermgmt-Device`.
#[utoipa::path(
    post,
    path = "/mfa/verify",
    tag = "users",
    operation_id = "users_verify_mfa",
    params(EndUserHeaders),
    request_body = VerifyRequest,
    responses(
        (status = 200, description = "The code is right", body = ValidBody),
        (status = 400, description = "Not a valid request, or `invalid_code`", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn verify(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    Object(request): Object<VerifyRequest>,
) -> Result<(HeaderMap, Json<ValidBody>), ApiError> {
    let id: UserId = request.user_id.parse().map_err(|_| ApiError::user_not_found())?;
    let verified = state.auth().verify_mfa(&id, &request.code, &caller.asking(client)).await;
    let device = verified.map_err(|error| match error {
        // No code is one of a factor that is not there.
        MfaError::NotEnabled => invalid_code(),
        other => refused(other),
    })?;
    Ok((device_header(device.as_ref()), Json(ValidBody { valid: true })))
}

/// With the text that clients of the old service know.
fn invalid_code() -> ApiError {
    ApiError::bad_request("invalid_code", "Invalid code")
}

fn refused(error: MfaError) -> ApiError {
    match error {
        MfaError::NotFound => ApiError::user_not_found(),
        MfaError::NotEnabled => {
            ApiError::bad_request("validation_error", "MFA is not enabled for this user")
        }
        MfaError::InvalidCode | MfaError::CodeRequired => invalid_code(),
        MfaError::Reauthentication(error) => error.into(),
        MfaError::Service(error) => error.into(),
    }
}
