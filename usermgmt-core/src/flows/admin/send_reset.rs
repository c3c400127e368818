//! Mailing somebody a link to choose a new password.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::User;

impl Auth {
    /// Mails the link to choose a new password, as if its owner had asked. One
    /// to an account that is not confirmed also confirms it; to one that is
    /// disabled nothing is mailed.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn send_reset(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account(id)).await?.ok_or(AdminError::NotFound)?;
            let user = account.user;
            if user.disabled_at.is_some() {
                return Ok(user);
            }
            let (purpose, kind) = if user.is_email_confirmed() {
                (Purpose::Reset, MailKind::PasswordReset)
            } else {
                (Purpose::ChoosePassword, MailKind::ChoosePassword)
            };
            let (token, change) =
                self.mail_token(&user.id, purpose, &user.email, false, now).await?;
            let list = vec![
                self.touch(&user),
                change,
                self.mail_user(kind, &user, vec![token], &[], now),
                self.audit_by(by, &user.id, "password.reset_requested", &[], now),
            ];
            if self.commit(list, now).await?.is_ok() {
                return Ok(user);
            }
        }
    }
}
