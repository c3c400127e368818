//! Enabling an account that was disabled.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::user::User;
use crate::store::UserPatch;

impl Auth {
    /// Enables an account that was disabled.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn enable_user(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        self.administer(id, |account, now| {
            let user = &account.user;
            user.disabled_at?;
            let set = UserPatch { disabled_at: Some(None), ..UserPatch::default() };
            Some(vec![
                self.administered(user, set, now),
                self.audit_by(by, &user.id, "user.enabled", &["disabled_at"], now),
            ])
        })
        .await
    }
}
