//! Making somebody an administrator, or an administrator somebody.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::user::{Role, User};
use crate::store::UserPatch;

impl Auth {
    /// Gives an account another role.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn set_role(&self, by: &Origin, id: &UserId, role: Role) -> Result<User, AdminError> {
        self.administer(id, |account, now| {
            let user = &account.user;
            if user.role == role {
                return None;
            }
            let set = UserPatch { role: Some(role), ..UserPatch::default() };
            let mut list = vec![
                self.administered(user, set, now),
                self.audit_by(by, &user.id, "user.updated", &["role"], now),
            ];
            list.extend(self.keep_admin(user));
            Some(list)
        })
        .await
    }
}
