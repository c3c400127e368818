//! PATCH /users/{id}

use axum::Json;
use axum::extract::State;
use usermgmt_core::flows::{ChangeUser, ChangeUserError};
use usermgmt_core::model::identifier::Username;
use utoipa::ToSchema;

use super::create::{email_taken, username_taken};
use super::gate::{Writer, WriterRefusals};
use super::user::{AdminUserBody, ROLE_NAMES, ROLES, id_of, user_body};
use crate::body::Object;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::values::RoleName;
use crate::path::Segment;
use crate::state::HttpState;
use crate::validate::{
    Fields, FromFields, Issue, Problems, Style, email, language, one_of, profile_text, username,
};

/// What changes; a field that is left out stays as it is.
#[derive(Debug, ToSchema)]
#[schema(as = ChangeUserRequest, example = json!({"email": "ada@example.org"}))]
#[expect(dead_code, reason = "describes what is read into a ChangeUser")]
pub(crate) struct ChangeRequestBody {
    #[schema(min_length = 3, max_length = 64, nullable = false)]
    username: Option<String>,
    /// Takes effect at once. It counts as unconfirmed, and the person cannot sign
    /// in, until the mail that goes there is followed.
    #[schema(format = Email, nullable = false)]
    email: Option<String>,
    /// Whether the address that stands beside it counts as confirmed.
    #[schema(nullable = false)]
    email_confirmed: Option<bool>,
    #[schema(value_type = Option<RoleName>, nullable = false)]
    role: Option<String>,
    /// Null or empty for none.
    #[schema(max_length = 64)]
    first_name: Option<String>,
    /// Null or empty for none.
    #[schema(max_length = 64)]
    last_name: Option<String>,
    /// Null or empty for none.
    #[schema(max_length = 64)]
    gender: Option<String>,
    /// The language of mails (BCP 47). Null or empty for none.
    #[schema(max_length = 35)]
    locale: Option<String>,
}

/// What changes, read.
#[derive(Debug)]
pub(crate) struct ChangeRequest(ChangeUser);

impl FromFields for ChangeRequest {
    const STYLE: Style = Style::Account;

    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self> {
        let username = fields.optional("username", username(Username::MAX));
        let email = fields.optional("email", email(state));
        let email_confirmed = fields.switch("email_confirmed");
        let role = fields.optional("role", one_of(&ROLES, "literal_error", ROLE_NAMES));
        let first_name = fields.clearable("first_name", profile_text);
        let last_name = fields.clearable("last_name", profile_text);
        let gender = fields.clearable("gender", profile_text);
        let locale = fields.clearable("locale", language);
        if email_confirmed == Some(true) && matches!(email, Some(None)) {
            fields.refuse("email_confirmed", Issue::Value("It goes with email".into()));
        }
        Some(Self(ChangeUser {
            username: username?,
            email: email?,
            email_confirmed: email_confirmed?,
            role: role?,
            first_name: first_name?,
            last_name: last_name?,
            gender: gender?,
            locale: locale?,
        }))
    }
}

/// Changes a user. Where the address changes, both addresses are told; the old
/// one is free, and every link that was mailed before is void.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    operation_id = "admin_update_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    request_body = ChangeRequestBody,
    responses(
        (status = 200, description = "The user as it is now", body = AdminUserBody),
        (status = 400, description = "What is wrong with each field", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "`conflict`: the address or the username is taken; \
            `last_admin`: the last active administrator stays one", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn update(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
    Object(ChangeRequest(change)): Object<ChangeRequest>,
) -> Result<Json<AdminUserBody>, ApiError> {
    let id = id_of(&id)?;
    state.auth().change_user(&by, &id, &change).await?;
    Ok(Json(user_body(&id, &state).await?))
}

impl From<ChangeUserError> for ApiError {
    fn from(error: ChangeUserError) -> Self {
        match error {
            ChangeUserError::Admin(error) => error.into(),
            ChangeUserError::EmailTaken => email_taken(),
            ChangeUserError::UsernameTaken => username_taken(),
            ChangeUserError::Unreachable(why) => {
                Problems::of_field("email", why.into()).answer(Style::Account)
            }
        }
    }
}
