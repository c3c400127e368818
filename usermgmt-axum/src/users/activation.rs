//! PATCH /activation and GET /activation/resend

use axum::Json;
use axum::extract::State;
use usermgmt_core::flows::ActivationError;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::caller::Caller;
use super::end_user::EndUserHeaders;
use super::find::ByIdentifier;
use super::user::UserBody;
use crate::body::{Object, QueryFields};
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, text};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"code": "umt_…"}))]
pub(crate) struct ActivateRequest {
    /// From the mail.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    code: PlaintextPassword,
}

impl FromFields for ActivateRequest {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let code = fields.required("code", text(1, 255))?;
        Some(Self { code: code.into() })
    }
}

/// Activates a user by the code that was mailed to them.
#[utoipa::path(
    patch,
    path = "/activation",
    tag = "users",
    operation_id = "users_activate",
    params(EndUserHeaders),
    request_body = ActivateRequest,
    responses(
        (status = 200, description = "Activated", body = UserBody),
        (status = 400, description = "Not a valid request, or the code has expired", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 404, description = "No such code", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn activate(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    Object(request): Object<ActivateRequest>,
) -> Result<Json<UserBody>, ApiError> {
    let user = state.auth().activate(request.code.expose(), &caller.asking(client)).await?;
    Ok(Json(UserBody::new(user, &state)))
}

/// Mails the activation code again.
#[utoipa::path(
    get,
    path = "/activation/resend",
    tag = "users",
    operation_id = "users_resend_activation",
    params(("identifier" = String, Query, description = "Address or username"), EndUserHeaders),
    responses(
        (status = 200, description = "Mailed", body = UserBody),
        (status = 400, description = "No identifier, or the user is activated already", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn resend(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    QueryFields(query): QueryFields<ByIdentifier>,
) -> Result<Json<UserBody>, ApiError> {
    let client = caller.asking(client);
    let user = state.auth().resend_activation(&query.identifier, &client).await?;
    Ok(Json(UserBody::new(user, &state)))
}

impl From<ActivationError> for ApiError {
    fn from(error: ActivationError) -> Self {
        match error {
            ActivationError::Invalid => Self::not_found("Invalid activation code"),
            ActivationError::Expired => {
                Self::bad_request("validation_error", "Activation code expired")
            }
            ActivationError::NotFound => Self::not_found("Invalid username or email"),
            ActivationError::AlreadyActivated => {
                Self::bad_request("validation_error", "User already activated")
            }
            ActivationError::Service(error) => error.into(),
        }
    }
}
