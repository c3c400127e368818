//! A user, as services see one.

use serde::Serialize;
use usermgmt_core::model::ids::UserId;
use usermgmt_core::model::user::User;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::openapi::values::RoleName;
use crate::state::HttpState;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990c5e-0000-7000-8000-000000000000", "username": "ada", "first_name": "Ada",
    "last_name": "King", "email": "ada@example.org", "gender": "Female", "role": "user",
    "is_active": true, "mfa_secret": null,
}))]
pub(crate) struct UserBody {
    /// Opaque, at most 36 characters.
    id: String,
    username: String,
    first_name: Option<String>,
    last_name: Option<String>,
    email: String,
    gender: Option<String>,
    #[schema(value_type = RoleName)]
    role: &'static str,
    /// Whether the address is confirmed and the account not disabled.
    is_active: bool,
    /// Always null: the secret is nobody's but its owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    mfa_secret: Option<()>,
}

impl UserBody {
    pub(super) fn new(user: User, state: &HttpState) -> Self {
        let is_active = user.is_active();
        Self {
            id: user.id.to_string(),
            username: user.username.to_string(),
            first_name: user.first_name,
            last_name: user.last_name,
            email: user.email.to_string(),
            gender: user.gender,
            role: user.role.as_str(),
            is_active,
            mfa_secret: (!state.config().compat.omit_mfa_secret_field).then_some(()),
        }
    }
}

/// The user with this id, active or not. What is no id is nobody's.
pub(super) async fn user_by_id(id: &str, state: &HttpState) -> Result<User, ApiError> {
    let id: UserId = id.parse().map_err(|_| ApiError::user_not_found())?;
    state.auth().user(&id).await?.ok_or_else(ApiError::user_not_found)
}
