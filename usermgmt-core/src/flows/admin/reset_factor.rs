//! Taking a second factor off an account whose owner has lost it.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::user::User;

impl Auth {
    /// Takes the second factor, the passkeys and the recovery codes off an account,
    /// for whoever has made sure who asks. The owner is told; without a password
    /// they set one by a reset.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn reset_user_mfa(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(id).await?.ok_or(AdminError::NotFound)?;
            let entry = self.audit_by(by, id, "mfa.reset", &[], now);
            let Some(list) = self.without_factors(&account, entry, now).await? else {
                return Ok(account.user);
            };
            if self.commit(list, now).await?.is_ok() {
                return self.user(id).await?.ok_or(AdminError::NotFound);
            }
        }
    }
}
