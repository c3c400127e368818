//! POST /register

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use usermgmt_core::flows::{Register, RegisterError};
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::profile::{Profile, ProfileText};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use crate::answer::{FieldMapOrError, Message};
use crate::body::Object;
use crate::client::{CaptchaHeader, ClientInfo};
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;
use crate::validate::{
    Fields, FromFields, Problems, Style, email, new_password, profile, username,
};

#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "username": "ada", "email": "ada@example.org", "password": "analytical engine no. 1",
}))]
pub(crate) struct RegisterRequest {
    #[schema(value_type = String, min_length = 3, max_length = 30)]
    username: Username,
    #[schema(value_type = String, format = Email)]
    email: Email,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: PlaintextPassword,
    #[schema(value_type = Option<String>, max_length = 64, nullable = false)]
    first_name: Option<ProfileText>,
    #[schema(value_type = Option<String>, max_length = 64, nullable = false)]
    last_name: Option<ProfileText>,
    #[schema(value_type = Option<String>, max_length = 64, nullable = false)]
    gender: Option<ProfileText>,
}

impl FromFields for RegisterRequest {
    const STYLE: Style = Style::FieldMap;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let username = fields.required("username", username(Username::MAX_OWN));
        let email = fields.required("email", email(state));
        let password = fields.required("password", new_password(state));
        let first_name = fields.optional("first_name", profile);
        let last_name = fields.optional("last_name", profile);
        let gender = fields.optional("gender", profile);
        Some(Self {
            username: username?,
            email: email?,
            password: password?,
            first_name: first_name?.flatten(),
            last_name: last_name?.flatten(),
            gender: gender?.flatten(),
        })
    }
}

/// Registers an account. The answer is the same whether or not the address has one.
#[utoipa::path(
    post,
    path = "/register",
    tag = "account",
    params(CaptchaHeader),
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "Accepted; the address gets a mail", body = Message),
        (status = 400, description = "What is wrong with each field; or the body is no JSON \
            (`validation_error`), or the username is taken (`already_exists`)", body = FieldMapOrError),
        (status = 403, description = "`captcha_required` or `captcha_failed`, where the application \
            asks for a captcha", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn register(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    Object(request): Object<RegisterRequest>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let mut command = Register::new(request.username, request.email, request.password);
    command.profile = Profile {
        first_name: request.first_name,
        last_name: request.last_name,
        gender: request.gender,
    };
    state.auth().register(&command, &client).await?;
    let message = "User created successfully. Email confirmation sent";
    Ok((StatusCode::CREATED, Json(Message { message })))
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        let of_field = |name, issue| Problems::of_field(name, issue).answer(Style::FieldMap);
        match error {
            RegisterError::UsernameTaken | RegisterError::EmailTaken => {
                Self::bad_request("already_exists", "Email or Username already exists")
            }
            RegisterError::Password(problem) => of_field("password", problem.into()),
            RegisterError::Unreachable(why) => of_field("email", why.into()),
            RegisterError::Service(error) => error.into(),
        }
    }
}
