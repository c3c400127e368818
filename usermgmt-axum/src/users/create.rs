//! POST /

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use usermgmt_core::flows::{CreateUser, CreateUserError};
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::profile::{Profile, ProfileText};
use usermgmt_core::model::user::Role;
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::caller::Caller;
use super::user::UserBody;
use crate::body::Object;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::values::RoleName;
use crate::state::HttpState;
use crate::validate::{
    Fields, FromFields, Issue, Problems, Style, any, email, one_of, profile_text, username,
    weighed_password,
};

const GENDERS: [(&str, &str); 2] = [("Male", "Male"), ("Female", "Female")];
const ROLES: [(&str, Role); 2] = [("user", Role::User), ("admin", Role::Admin)];

#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "username": "ada", "first_name": "Ada", "last_name": "King", "email": "ada@example.org",
    "password": "analytical engine no. 1", "password_confirmation": "analytical engine no. 1",
    "gender": "Female", "role": "user",
}))]
pub(crate) struct CreateUserRequest {
    #[schema(value_type = String, min_length = 3, max_length = 64)]
    username: Username,
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    first_name: ProfileText,
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    last_name: ProfileText,
    #[schema(value_type = String, format = Email)]
    email: Email,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: PlaintextPassword,
    /// The password again.
    #[schema(value_type = String, format = Password)]
    #[expect(dead_code, reason = "compared with the password while both are read")]
    password_confirmation: PlaintextPassword,
    /// `Male` or `Female`.
    #[schema(value_type = String)]
    gender: ProfileText,
    /// `admin` needs a key that may make admins.
    #[schema(value_type = RoleName)]
    role: Role,
}

impl FromFields for CreateUserRequest {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let username = fields.required("username", username(Username::MAX));
        let first_name = fields.required("first_name", profile_text);
        let last_name = fields.required("last_name", profile_text);
        let email = fields.required("email", email(state));
        let own_words = [
            username.as_ref().map_or("", Username::as_str),
            email.as_ref().map_or("", Email::as_str),
            first_name.as_ref().map_or("", ProfileText::as_str),
            last_name.as_ref().map_or("", ProfileText::as_str),
        ];
        // A service that has shown its key asks.
        let password = fields.required("password", weighed_password(state, &own_words));
        let confirmation =
            fields.required("password_confirmation", any).map(PlaintextPassword::from);
        let gender = if state.config().compat.free_gender {
            fields.required("gender", profile_text)
        } else {
            let known = one_of(&GENDERS, "enum", "'Male' or 'Female'");
            fields.required("gender", |typed| profile_text(known(typed)?))
        };
        let role = one_of(&ROLES, "literal_error", "'user' or 'admin'");
        let role = fields.required("role", role);
        if fields.all_right() && password != confirmation {
            fields.refuse_body(Issue::Value("Passwords don't match".into()));
        }
        Some(Self {
            username: username?,
            first_name: first_name?,
            last_name: last_name?,
            email: email?,
            password: password?,
            password_confirmation: confirmation?,
            gender: gender?,
            role: role?,
        })
    }
}

/// Creates a user, who is inactive until activated by the code that is mailed to them.
#[utoipa::path(
    post,
    path = "/",
    tag = "users",
    operation_id = "users_create",
    request_body = CreateUserRequest,
    responses(
        (status = 201, description = "Created", body = UserBody),
        (status = 400, description = "What is wrong with each field", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 403, description = "The key may not make admins", body = ErrorBody),
        (status = 409, description = "The address or the username is taken", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn create(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    Object(request): Object<CreateUserRequest>,
) -> Result<(StatusCode, Json<UserBody>), ApiError> {
    caller.may_create(request.role)?;
    let mut command = CreateUser::new(request.username, request.email, request.password);
    command.profile = Profile {
        first_name: Some(request.first_name),
        last_name: Some(request.last_name),
        gender: Some(request.gender),
    };
    command.role = request.role;
    command.by = caller.origin(&client);
    command.locale = client.locale;
    let user = state.auth().create_user(&command).await?;
    Ok((StatusCode::CREATED, Json(UserBody::new(user, &state))))
}

impl From<CreateUserError> for ApiError {
    fn from(error: CreateUserError) -> Self {
        let conflict = |message: &'static str| Self::new(StatusCode::CONFLICT, "conflict", message);
        let of_field = |name, issue| Problems::of_field(name, issue).answer(Style::Users);
        match error {
            CreateUserError::EmailTaken => conflict("Email already exists"),
            CreateUserError::UsernameTaken => conflict("Username already exists"),
            CreateUserError::Password(problem) => of_field("password", problem.into()),
            CreateUserError::Unreachable(why) => of_field("email", why.into()),
            CreateUserError::Service(error) => error.into(),
        }
    }
}
