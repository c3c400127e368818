//! Removing a passkey.

use super::PasskeyError;
use crate::auth::Auth;
use crate::flows::authenticate::Current;
use crate::model::ids::PasskeyId;
use crate::model::mail::MailKind;
use crate::store::Change;

impl Auth {
    /// Removes a passkey; never what the user signs in with last. Needs a sign-in
    /// within 15 minutes. Recovery codes go with the last second factor.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn remove_passkey(
        &self,
        current: &Current,
        id: &PasskeyId,
    ) -> Result<(), PasskeyError> {
        if !self.0.config.sign_in.passkeys {
            return Err(PasskeyError::Off);
        }
        self.reauthenticate(current, None).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let user = &current.user.id;
            let account = self.account(user).await?.ok_or(PasskeyError::NotFound)?;
            current.still(&account.user)?;
            let passkeys = self.passkeys_of(&account).await?;
            let passkey =
                passkeys.iter().find(|one| one.id == *id).ok_or(PasskeyError::NotFound)?;
            let identities = self.identities_that_sign_in(user).await?;
            if !self.has_way_in(&account, identities, passkeys.len() - 1) {
                return Err(PasskeyError::LastSignInMethod);
            }
            let time = now.to_string();
            let params = [("name", passkey.name.as_str()), ("time", &time)];
            let mut list = vec![
                Change::UpdateUser {
                    id: user.clone(),
                    epoch: account.user.epoch,
                    raise_epoch: true,
                    at: now,
                    set: Box::default(),
                },
                Change::RemovePasskey { id: id.clone(), user_id: user.clone() },
                self.mail_user(MailKind::PasskeyRemoved, &account.user, vec![], &params, now),
                self.audit(user, "passkey.removed", &[], now),
            ];
            if passkeys.len() == 1 && !account.mfa_enabled() {
                list.push(Change::ReplaceRecoveryCodes { user_id: user.clone(), hashes: vec![] });
            }
            if self.commit_from(&current.client, list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }
}
