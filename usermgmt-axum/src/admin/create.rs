//! POST /users

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use usermgmt_core::flows::{Invite, InviteError};
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::profile::ProfileText;
use usermgmt_core::model::user::Role;
use utoipa::ToSchema;

use super::gate::{Writer, WriterRefusals};
use super::user::{AdminUserBody, ROLE_NAMES, ROLES, user_body};
use crate::body::Object;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::values::RoleName;
use crate::state::HttpState;
use crate::validate::{
    Fields, FromFields, Problems, Style, email, language, one_of, profile_text, username,
};

#[derive(Debug, ToSchema)]
#[schema(example = json!({"username": "ada", "email": "ada@example.org", "role": "user"}))]
pub(crate) struct InviteRequest {
    #[schema(value_type = String, min_length = 3, max_length = 64)]
    username: Username,
    #[schema(value_type = String, format = Email)]
    email: Email,
    /// Default `user`.
    #[schema(value_type = Option<RoleName>, nullable = false)]
    role: Role,
    #[schema(value_type = Option<String>, max_length = 64)]
    first_name: Option<ProfileText>,
    #[schema(value_type = Option<String>, max_length = 64)]
    last_name: Option<ProfileText>,
    #[schema(value_type = Option<String>, max_length = 64)]
    gender: Option<ProfileText>,
    /// The language of mails (BCP 47).
    #[schema(value_type = Option<String>, max_length = 35)]
    locale: Option<String>,
}

impl FromFields for InviteRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let username = fields.required("username", username(Username::MAX));
        let email = fields.required("email", email(state));
        let role = fields.optional("role", one_of(&ROLES, "literal_error", ROLE_NAMES));
        let first_name = fields.clearable("first_name", profile_text);
        let last_name = fields.clearable("last_name", profile_text);
        let gender = fields.clearable("gender", profile_text);
        let locale = fields.clearable("locale", language);
        Some(Self {
            username: username?,
            email: email?,
            role: role?.unwrap_or_default(),
            first_name: first_name?.flatten(),
            last_name: last_name?.flatten(),
            gender: gender?.flatten(),
            locale: locale?.flatten(),
        })
    }
}

/// Makes an account for somebody, who is mailed a link to choose the password.
/// Following it confirms the address too.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "admin_create_user",
    tag = "admin",
    request_body = InviteRequest,
    responses(
        (status = 201, description = "Made, and the invitation is queued", body = AdminUserBody),
        (status = 400, description = "What is wrong with each field", body = ErrorBody),
        (status = 409, description = "`conflict`: the address or the username is taken", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn create(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Object(request): Object<InviteRequest>,
) -> Result<(StatusCode, Json<AdminUserBody>), ApiError> {
    let text = |text: Option<ProfileText>| text.map(|text| text.as_str().to_owned());
    let invite = Invite {
        username: request.username,
        email: request.email,
        role: request.role,
        first_name: text(request.first_name),
        last_name: text(request.last_name),
        gender: text(request.gender),
        locale: request.locale,
        password: None,
        mail: true,
        life: state.auth().config().invitation_ttl,
    };
    let made = state.auth().invite(&by, &invite).await?;
    Ok((StatusCode::CREATED, Json(user_body(&made.user.id, &state).await?)))
}

impl From<InviteError> for ApiError {
    fn from(error: InviteError) -> Self {
        let of_field = |name, issue| Problems::of_field(name, issue).answer(Style::Account);
        match error {
            InviteError::EmailTaken => email_taken(),
            InviteError::UsernameTaken => username_taken(),
            InviteError::Password(problem) => of_field("password", problem.into()),
            InviteError::Unreachable(why) => of_field("email", why.into()),
            InviteError::Service(error) => error.into(),
        }
    }
}

pub(super) fn email_taken() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "conflict", "Email already exists")
}

pub(super) fn username_taken() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "conflict", "Username already exists")
}
