//! A user, as administrators see one.

use serde::Serialize;
use usermgmt_core::UserId;
use usermgmt_core::model::user::Role;
use usermgmt_core::store::directory::ListedUser;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::openapi::values::RoleName;
use crate::state::HttpState;

/// The roles by name.
pub(super) const ROLES: [(&str, Role); 2] = [("user", Role::User), ("admin", Role::Admin)];
/// The names, as they are listed to people.
pub(super) const ROLE_NAMES: &str = "'user' or 'admin'";

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000000", "username": "ada", "email": "ada@example.org",
    "is_email_confirmed": true, "is_disabled": false, "role": "user", "first_name": "Ada",
    "last_name": "King", "gender": null, "locale": "en", "mfa_enabled": false,
    "created_at": "2026-01-05T09:30:00.000Z", "updated_at": "2026-01-05T09:30:00.000Z",
    "last_sign_in_at": "2026-01-06T08:00:00.000Z",
}))]
pub(crate) struct AdminUserBody {
    /// Opaque, at most 36 characters.
    id: String,
    username: String,
    email: String,
    is_email_confirmed: bool,
    is_disabled: bool,
    #[schema(value_type = RoleName)]
    role: &'static str,
    first_name: Option<String>,
    last_name: Option<String>,
    gender: Option<String>,
    /// The language of mails (BCP 47).
    locale: Option<String>,
    /// Whether there is a second factor: an authenticator app or a passkey. It counts
    /// also while passkeys are switched off.
    mfa_enabled: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    last_sign_in_at: Option<String>,
}

impl From<ListedUser> for AdminUserBody {
    fn from(listed: ListedUser) -> Self {
        let user = listed.user;
        Self {
            id: user.id.to_string(),
            username: user.username.to_string(),
            email: user.email.to_string(),
            is_email_confirmed: user.is_email_confirmed(),
            is_disabled: user.disabled_at.is_some(),
            role: user.role.as_str(),
            first_name: user.first_name,
            last_name: user.last_name,
            gender: user.gender,
            locale: user.locale,
            mfa_enabled: listed.mfa_enabled,
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
            last_sign_in_at: listed.last_sign_in_at.map(|at| at.to_string()),
        }
    }
}

/// The user with this id. What is no id is nobody's.
pub(super) async fn user_body(id: &UserId, state: &HttpState) -> Result<AdminUserBody, ApiError> {
    Ok(state.auth().admin_user(id).await?.into())
}

/// The id that a path names.
pub(super) fn id_of(segment: &str) -> Result<UserId, ApiError> {
    segment.parse().map_err(|_| ApiError::user_not_found())
}
