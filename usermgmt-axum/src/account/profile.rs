//! GET /users and PUT /users

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::flows::{ProfileError, UpdateProfile};
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::profile::ProfileText;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::reauthenticate;
use crate::answer::{Message, NestedFieldMapOrError};
use crate::body::Object;
use crate::error::{ApiError, ErrorBody};
use crate::extract::{CurrentOrLegacyUser, CurrentUser};
use crate::openapi::values::RoleName;
use crate::state::HttpState;
use crate::validate::{
    Fields, FromFields, Issue, Problems, Style, any, email, new_password, profile, username,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "01990c5e-0000-7000-8000-000000000000", "username": "ada",
    "email": "ada@example.org", "is_email_confirmed": true, "first_name": "Ada",
    "last_name": "King", "gender": null, "role": "user",
    "created_at": "2026-01-05T09:30:00.000Z", "mfa_enabled": false,
}))]
pub(crate) struct ProfileBody {
    user_id: String,
    username: String,
    email: String,
    is_email_confirmed: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    gender: Option<String>,
    #[schema(value_type = RoleName)]
    role: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    mfa_enabled: bool,
}

/// The user's own account.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "get_account",
    tag = "account",
    responses(
        (status = 200, description = "The account", body = ProfileBody),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 404, description = "The user was deleted since", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn show(
    State(state): State<HttpState>,
    CurrentUser(current): CurrentUser,
) -> Result<Json<ProfileBody>, ApiError> {
    let account = state.auth().account(&current.user.id).await?;
    let account = account.ok_or_else(ApiError::user_not_found)?;
    let mfa_enabled = state.auth().mfa_status(&account.user.id).await?.enabled;
    let user = account.user;
    Ok(Json(ProfileBody {
        user_id: user.id.to_string(),
        username: user.username.to_string(),
        email: user.email.to_string(),
        is_email_confirmed: user.is_email_confirmed(),
        first_name: user.first_name,
        last_name: user.last_name,
        gender: user.gender,
        role: user.role.as_str(),
        created_at: user.created_at.to_string(),
        mfa_enabled,
    }))
}

/// What changes; a field that is left out stays as it is.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"first_name": "Ada", "last_name": "King"}))]
pub(crate) struct UpdateRequest {
    #[schema(value_type = Option<String>, min_length = 3, max_length = 30, nullable = false)]
    username: Option<Username>,
    /// Takes effect once confirmed from there.
    #[schema(value_type = Option<String>, format = Email, nullable = false)]
    email: Option<Email>,
    /// Needs `current_password`.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128, nullable = false)]
    password: Option<PlaintextPassword>,
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    current_password: Option<PlaintextPassword>,
    /// Empty for none.
    #[schema(value_type = Option<String>, max_length = 64, nullable = false)]
    first_name: Option<Option<ProfileText>>,
    /// Empty for none.
    #[schema(value_type = Option<String>, max_length = 64, nullable = false)]
    last_name: Option<Option<ProfileText>>,
    /// Empty for none.
    #[schema(value_type = Option<String>, max_length = 64, nullable = false)]
    gender: Option<Option<ProfileText>>,
}

impl FromFields for UpdateRequest {
    const STYLE: Style = Style::NestedFieldMap;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let username = fields.optional("username", username(Username::MAX_OWN));
        let email = fields.optional("email", email(state));
        let password = fields.optional("password", new_password(state));
        let current_password = match password {
            Some(Some(_)) => fields.required("current_password", any).map(Some),
            _ => fields.optional("current_password", any),
        };
        let first_name = fields.optional("first_name", profile);
        let last_name = fields.optional("last_name", profile);
        let gender = fields.optional("gender", profile);
        Some(Self {
            username: username?,
            email: email?,
            password: password?,
            current_password: current_password?.map(PlaintextPassword::from),
            first_name: first_name?,
            last_name: last_name?,
            gender: gender?,
        })
    }
}

/// Changes the user's own account.
#[utoipa::path(
    put,
    path = "/users",
    operation_id = "update_account",
    tag = "account",
    request_body = UpdateRequest,
    responses(
        (status = 200, description = "Changed, or accepted", body = Message),
        (status = 400, description = "What is wrong with each field; or the body is no \
            JSON (`validation_error`)", body = NestedFieldMapOrError),
        (status = 401, description = "No access token, or none that is good", body = ErrorBody),
        (status = 403, description = "`reauthentication_required`: a new address needs \
            `current_password` or a recent sign-in", body = ErrorBody),
        (status = 404, description = "The user was deleted since", body = ErrorBody),
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn update(
    State(state): State<HttpState>,
    CurrentOrLegacyUser(current): CurrentOrLegacyUser,
    Object(request): Object<UpdateRequest>,
) -> Result<Json<Message>, ApiError> {
    let update = UpdateProfile {
        username: request.username,
        email: request.email,
        password: request.password,
        current_password: request.current_password,
        first_name: request.first_name,
        last_name: request.last_name,
        gender: request.gender,
        locale: None,
    };
    state.auth().update_profile(&current, &update).await?;
    Ok(Json(Message { message: "User updated successfully" }))
}

impl From<ProfileError> for ApiError {
    fn from(error: ProfileError) -> Self {
        refused(error, Style::NestedFieldMap, "password")
    }
}

/// In this style; `password` is what the new one is called.
pub(super) fn refused(error: ProfileError, style: Style, password: &'static str) -> ApiError {
    let of_field = |name: &str, issue| Problems::of_field(name, issue).answer(style);
    match error {
        ProfileError::NotFound => ApiError::user_not_found(),
        ProfileError::UsernameTaken => {
            let issue = Issue::Value("Email or Username already exists".into());
            of_field("username", issue)
        }
        ProfileError::CurrentPasswordMissing => of_field("current_password", Issue::Missing),
        ProfileError::Password(problem) => of_field(password, problem.into()),
        ProfileError::Reauthentication(error) => reauthenticate::refused(error, style),
        ProfileError::Unreachable(why) => of_field("email", why.into()),
        ProfileError::Service(error) => error.into(),
    }
}
