//! Disabling an account.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::user::User;
use crate::store::{Change, UserPatch};

impl Auth {
    /// Disables an account: its sessions end, its links and queued mails are
    /// void, and nobody signs in until it is enabled.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn disable_user(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        self.administer(id, |account, now| {
            let user = &account.user;
            if user.disabled_at.is_some() {
                return None;
            }
            let id = user.id.clone();
            let set = UserPatch { disabled_at: Some(Some(now)), ..UserPatch::default() };
            let mut list = vec![
                self.administered(user, set, now),
                Change::EndSessions { user_id: id.clone(), except: None },
                Change::ForgetDevices { user_id: id.clone() },
                Change::VoidTokens { user_id: id.clone(), purpose: None, since: None, now },
                Change::DropMail { user_id: id },
                self.audit_by(by, &user.id, "user.disabled", &["disabled_at"], now),
            ];
            list.extend(self.keep_admin(user));
            Some(list)
        })
        .await
    }
}
