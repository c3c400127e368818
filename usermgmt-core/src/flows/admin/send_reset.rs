//! Mailing somebody a link to choose a new password.

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::store::Change;

impl Auth {
    /// Mails the link to choose a new password, as if its owner had asked. One
    /// to an account that is not confirmed also confirms it, and is an invitation
    /// where nobody has chosen a password yet; to one that is
    /// disabled nothing is mailed.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn send_reset(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account(id)).await?.ok_or(AdminError::NotFound)?;
            let kind = Self::choose_password_mail(&account);
            let user = account.user;
            if user.disabled_at.is_some() {
                return Ok(user);
            }
            let (purpose, kind) = match user.is_email_confirmed() {
                true => (Purpose::Reset, MailKind::PasswordReset),
                false => (Purpose::ChoosePassword, kind),
            };
            let (token, change) = if kind == MailKind::Invitation {
                let (binding, life) =
                    (user.email.as_str().to_owned(), self.0.config.invitation_ttl);
                let row = self.new_token(Some(&user.id), purpose, Some(binding), life, now);
                let token = MailToken { purpose, id: row.id, code_issue: None };
                (token, Change::InsertToken(row))
            } else {
                self.mail_token(&user.id, purpose, &user.email, false, now).await?
            };
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
