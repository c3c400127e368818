//! Asking for a link to set a new password.

use crate::auth::{Auth, Client, ServiceError};
use crate::model::identifier::Identifier;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;

impl Auth {
    /// Mails a link to set a new password. The outcome is the same whoever is
    /// asked for: known, unknown, unconfirmed or disabled. An account that never
    /// confirmed its address gets the link that also confirms it.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn forgot_password(
        &self,
        identifier: &str,
        client: &Client,
    ) -> Result<(), ServiceError> {
        let now = self.now();
        let identifier = Identifier::typed(identifier);
        self.attempt_mail(&identifier, client, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
            let user =
                account.map(|account| account.user).filter(|user| user.disabled_at.is_none());
            let list = match &user {
                Some(user) => {
                    let (purpose, kind) = if user.is_email_confirmed() {
                        (Purpose::Reset, MailKind::PasswordReset)
                    } else {
                        (Purpose::ChoosePassword, MailKind::ChoosePassword)
                    };
                    let (token, change) =
                        self.mail_token(&user.id, purpose, &user.email, false, now).await?;
                    let (mut tokens, mut list) = (vec![token], vec![change]);
                    self.not_me(user, &mut tokens, &mut list, now);
                    list.push(self.touch(user));
                    list.push(self.mail_user(kind, user, tokens, &[], now));
                    list.push(self.audit(&user.id, "password.reset_requested", &[], now));
                    list
                }
                None => {
                    let nobody = UserId::generate(now, &*self.0.rng);
                    self.read(self.0.store.live_token(&nobody, Purpose::Reset, now)).await?;
                    let mut list = self.decoys(4, now);
                    list.push(self.void_mail(
                        MailKind::PasswordReset,
                        Purpose::Reset,
                        &identifier,
                        now,
                    ));
                    list
                }
            };
            if self.commit(list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }
}
