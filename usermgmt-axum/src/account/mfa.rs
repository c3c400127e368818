//! POST and DELETE /mfa/totp, POST /mfa/totp/confirm and POST /mfa/recovery-codes

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use usermgmt_core::flows::{MfaError, RecoveryCodes};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use crate::body::{Object, OptionalObject};
use crate::error::{ApiError, ErrorBody};
use crate::extract::CurrentUser;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any, not_empty};

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "provisioning_uri": "otpauth://totp/Example:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example",
    "qr_code_base64": "iVBORw0KGgo…", "qr_code_svg": "<svg …",
}))]
pub(crate) struct EnrolmentBody {
    /// In base32, for typing.
    secret: String,
    provisioning_uri: String,
    /// A PNG.
    qr_code_base64: String,
    qr_code_svg: String,
}

/// What enrolling may take.
#[derive(Debug, Default, ToSchema)]
#[schema(example = json!({"current_password": "analytical engine no. 1"}))]
pub(crate) struct EnrolRequest {
    /// Stands in for a sign-in within 15 minutes.
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    current_password: Option<PlaintextPassword>,
    /// Of the factor that is on and is to be replaced, or a recovery code.
    #[schema(value_type = Option<String>, nullable = false)]
    code: Option<PlaintextPassword>,
}

impl FromFields for EnrolRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let current_password = fields.optional("current_password", any);
        let code = fields.optional("code", not_empty);
        Some(Self {
            current_password: current_password?.map(PlaintextPassword::from),
            code: code?.map(PlaintextPassword::from),
        })
    }
}

/// Begins enrolment: a secret that waits for its first code.
#[utoipa::path(
    post,
    path = "/mfa/totp",
    operation_id = "enrol_totp",
    tag = "account",
    request_body = Option<EnrolRequest>,
    responses(
        (status = 200, description = "The secret", body = EnrolmentBody),
        (status = 400, description = "The current password is wrong; `invalid_code` where a factor \
            is on and this is none of its codes", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn enrol(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    OptionalObject(request): OptionalObject<EnrolRequest>,
) -> Result<Json<EnrolmentBody>, ApiError> {
    let password = request.current_password.as_ref();
    let enrolment = state.auth().enrol_totp(&current, password, request.code.as_ref()).await?;
    let png = enrolment.qr_png().map_err(|error| ApiError::internal(&error))?;
    let svg = enrolment.qr_svg().map_err(|error| ApiError::internal(&error))?;
    Ok(Json(EnrolmentBody {
        secret: enrolment.secret.expose().clone(),
        provisioning_uri: enrolment.provisioning_uri.expose().clone(),
        qr_code_base64: STANDARD.encode(png),
        qr_code_svg: svg,
    }))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"code": "123456"}))]
pub(crate) struct CodeRequest {
    /// From the authenticator app, or a recovery code.
    #[schema(value_type = String)]
    code: PlaintextPassword,
}

impl FromFields for CodeRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let code = fields.required("code", not_empty)?;
        Some(Self { code: code.into() })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({"recovery_codes": ["k7m2xq-9hvt4p-c3rwna-8y6dje", "…"]}))]
pub(crate) struct RecoveryCodesBody {
    /// Each stands in for a code once. Shown this once.
    recovery_codes: Vec<String>,
}

impl From<RecoveryCodes> for RecoveryCodesBody {
    fn from(codes: RecoveryCodes) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.expose().clone()).collect() }
    }
}

/// Turns the second factor on by its first code.
#[utoipa::path(
    post,
    path = "/mfa/totp/confirm",
    operation_id = "confirm_totp",
    tag = "account",
    request_body = CodeRequest,
    responses(
        (status = 200, description = "The second factor is on", body = RecoveryCodesBody),
        (status = 400, description = "`invalid_code`, or nothing waits for a code", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn confirm(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Object(request): Object<CodeRequest>,
) -> Result<Json<RecoveryCodesBody>, ApiError> {
    let codes = state.auth().confirm_totp(&current, &request.code).await?;
    Ok(Json(codes.into()))
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"code": "123456"}))]
pub(crate) struct DisableRequest {
    /// From the authenticator app, or a recovery code.
    #[schema(value_type = String)]
    code: PlaintextPassword,
    /// Where the sign-in is too long ago.
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    current_password: Option<PlaintextPassword>,
}

impl FromFields for DisableRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let code = fields.required("code", not_empty);
        let current_password = fields.optional("current_password", any);
        Some(Self {
            code: code?.into(),
            current_password: current_password?.map(PlaintextPassword::from),
        })
    }
}

/// Turns the second factor off.
#[utoipa::path(
    delete,
    path = "/mfa/totp",
    operation_id = "disable_totp",
    tag = "account",
    request_body = DisableRequest,
    responses(
        (status = 204, description = "The second factor is off"),
        (status = 400, description = "`invalid_code`, or it was not on", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn disable(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Object(request): Object<DisableRequest>,
) -> Result<StatusCode, ApiError> {
    let password = request.current_password.as_ref();
    state.auth().disable_totp(&current, &request.code, password).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, ToSchema)]
#[schema(example = json!({"code": "123456"}))]
pub(crate) struct NewCodesRequest {
    /// From the authenticator app, or a recovery code. Left out by who has signed in with a
    /// passkey within 15 minutes.
    #[schema(value_type = Option<String>, nullable = false)]
    code: Option<PlaintextPassword>,
}

impl FromFields for NewCodesRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let code = fields.optional("code", not_empty)?;
        Some(Self { code: code.map(PlaintextPassword::from) })
    }
}

/// Ten new recovery codes; the old ones are void.
#[utoipa::path(
    post,
    path = "/mfa/recovery-codes",
    operation_id = "new_recovery_codes",
    tag = "account",
    request_body = NewCodesRequest,
    responses(
        (status = 200, description = "The new codes", body = RecoveryCodesBody),
        (status = 400, description = "`invalid_code`, or the second factor is not on", body = ErrorBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`: without a code it needs a \
            sign-in by passkey within 15 minutes", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn recovery_codes(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
    Object(request): Object<NewCodesRequest>,
) -> Result<Json<RecoveryCodesBody>, ApiError> {
    let codes = state.auth().new_recovery_codes(&current, request.code.as_ref()).await?;
    Ok(Json(codes.into()))
}

impl From<MfaError> for ApiError {
    fn from(error: MfaError) -> Self {
        match error {
            MfaError::NotFound => Self::user_not_found(),
            // No code is one of a factor that is not there.
            MfaError::NotEnabled => {
                Self::bad_request("invalid_code", "No second factor waits for this code")
            }
            MfaError::InvalidCode => Self::invalid_code(),
            MfaError::CodeRequired => Self::bad_request(
                "invalid_code",
                "A code of the present second factor, or a recovery code, is needed",
            ),
            MfaError::Reauthentication(error) => error.into(),
            MfaError::Service(error) => error.into(),
        }
    }
}
