//! POST /auth/check

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use usermgmt_core::flows::{SignIn, SignInError};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::caller::Caller;
use super::end_user::{EndUserHeaders, device_header};
use super::user::UserBody;
use crate::body::Object;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, text};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"identifier": "ada", "password": "analytical engine no. 1"}))]
pub(crate) struct CheckRequest {
    /// Address or username.
    #[schema(min_length = 3, max_length = 320)]
    identifier: String,
    #[schema(value_type = String, format = Password, min_length = 6)]
    password: PlaintextPassword,
}

impl FromFields for CheckRequest {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let identifier = fields.required("identifier", text(3, 320));
        let password = fields.required("password", text(6, usize::MAX));
        Some(Self { identifier: identifier?, password: password?.into() })
    }
}

/// Whether these are an active user's credentials. Does not test the second factor.
///
/// A service says who its own user is by `Usermgmt-Client-Address`,
/// `Usermgmt-Client-Agent` and `Usermgmt-Device`; the answer to right credentials
/// then carries the next `Usermgmt-Device`.
#[utoipa::path(
    post,
    path = "/auth/check",
    tag = "users",
    operation_id = "users_check_credentials",
    params(EndUserHeaders),
    request_body = CheckRequest,
    responses(
        (status = 200, description = "They are this user's", body = UserBody),
        (status = 400, description = "Not a valid request, or they are nobody's", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn auth_check(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    Object(request): Object<CheckRequest>,
) -> Result<(HeaderMap, Json<UserBody>), ApiError> {
    let command = SignIn::new(request.identifier, request.password);
    let checked = state.auth().check_credentials(&command, &caller.asking(client)).await;
    let checked = checked.map_err(refused)?;
    let device = device_header(checked.device_token.as_ref());
    Ok((device, Json(UserBody::new(checked.user, &state))))
}

fn refused(error: SignInError) -> ApiError {
    match error {
        SignInError::InvalidCredentials => {
            ApiError::bad_request("validation_error", "Invalid credentials")
        }
        SignInError::Service(error) => error.into(),
    }
}
