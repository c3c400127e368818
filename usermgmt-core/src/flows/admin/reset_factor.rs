//! Taking a second factor off an account whose owner has lost it.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::user::User;
use crate::store::{Change, UserPatch};

impl Auth {
    /// Takes the second factor and the recovery codes off an account, for
    /// whoever has made sure who asks. The owner is told.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn reset_user_mfa(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        self.administer(id, |account, now| {
            let (user, totp) = (&account.user, account.totp.as_ref()?);
            if !totp.is_confirmed() && totp.pending.is_none() {
                return None;
            }
            let mut list = vec![
                self.administered(user, UserPatch::default(), now),
                Change::RemoveTotp { user_id: user.id.clone() },
                self.audit_by(by, &user.id, "mfa.reset", &[], now),
            ];
            if totp.is_confirmed() {
                let time = now.to_string();
                let params = [("time", time.as_str())];
                list.push(self.mail_user(MailKind::MfaDisabled, user, vec![], &params, now));
            }
            Some(list)
        })
        .await
    }
}
