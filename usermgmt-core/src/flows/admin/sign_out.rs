//! Ending all of somebody's sessions.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::user::User;
use crate::store::{Change, UserPatch};

impl Auth {
    /// Ends all sessions of an account, and forgets its devices.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn sign_out_user(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        self.administer(id, |account, now| {
            let user = &account.user;
            Some(vec![
                self.administered(user, UserPatch::default(), now),
                Change::EndSessions { user_id: user.id.clone(), except: None },
                Change::ForgetDevices { user_id: user.id.clone() },
                self.audit_by(by, &user.id, "session.all_ended", &[], now),
            ])
        })
        .await
    }
}
