//! Taking a second factor off an account whose owner has lost it.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::factor::Totp;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::user::User;
use crate::store::{Change, UserPatch};

impl Auth {
    /// Takes the second factor, the passkeys and the recovery codes off an account,
    /// for whoever has made sure who asks. The owner is told; without a password
    /// they set one by a reset.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn reset_user_mfa(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        let passkeys = self.read(self.0.store.passkeys(std::slice::from_ref(id))).await?;
        let has_passkeys = !passkeys.is_empty();
        self.administer(id, |account, now| {
            let (user, totp) = (&account.user, account.totp.as_ref());
            let is_on = totp.is_some_and(Totp::is_confirmed) || has_passkeys;
            if !is_on && totp.is_none_or(|totp| totp.pending.is_none()) {
                return None;
            }
            let mut list = vec![
                self.administered(user, UserPatch::default(), now),
                Change::RemoveTotp { user_id: user.id.clone() },
                Change::RemovePasskeys { user_id: user.id.clone(), since: None },
                Change::ReplaceRecoveryCodes { user_id: user.id.clone(), hashes: vec![] },
                self.audit_by(by, &user.id, "mfa.reset", &[], now),
            ];
            if is_on {
                let time = now.to_string();
                let params = [("time", time.as_str())];
                list.push(self.mail_user(MailKind::MfaDisabled, user, vec![], &params, now));
            }
            Some(list)
        })
        .await
    }
}
