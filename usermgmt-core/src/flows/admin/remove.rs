//! Deleting somebody's account.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::store::Guard;

impl Auth {
    /// Deletes an account, as its owner could.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn remove_user(&self, by: &Origin, id: &UserId) -> Result<(), AdminError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account(id)).await?.ok_or(AdminError::NotFound)?;
            let user = &account.user;
            let mut list = self.deletion(user, now);
            list.push(self.audit_by(by, &user.id, "user.deleted", &[], now));
            list.extend(self.keep_admin(user));
            match self.commit(list, now).await? {
                Ok(()) => {
                    self.purge_deleted(now).await;
                    return Ok(());
                }
                Err(Guard::LastAdmin) => return Err(AdminError::LastAdmin),
                Err(_) => {}
            }
        }
    }
}
