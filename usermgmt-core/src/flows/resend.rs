//! Asking for the confirmation of a registration again.

use super::mail_request::is_new;
use crate::auth::{Auth, Client, ServiceError};
use crate::captcha::CaptchaAction;
use crate::model::identifier::Identifier;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;

/// Why the mail was not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// There is no such account. Only with
    /// [`Compat::reveal_existing_accounts`](crate::config::Compat::reveal_existing_accounts).
    #[error("there is no such account")]
    UnknownUser,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Mails the confirmation again: the same link while half of its life
    /// remains, and a new code. The outcome is the same for every address.
    ///
    /// # Errors
    /// [`ResendError`].
    pub async fn resend_confirmation(
        &self,
        email: &str,
        client: &Client,
    ) -> Result<(), ResendError> {
        self.ask_captcha(CaptchaAction::ResendConfirmation, client).await?;
        let least_time = self.least_time();
        self.attempt_mail(client, self.now()).await?;
        let identifier = Identifier::typed(email);
        let mut enough = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
            if account.is_none() && self.0.config.compat.reveal_existing_accounts {
                return Err(ResendError::UnknownUser);
            }
            let unconfirmed = account.filter(|account| !account.user.is_email_confirmed());
            let nobody = UserId::generate(now, &*self.0.rng);
            let asked = unconfirmed.as_ref().map_or(&nobody, |account| &account.user.id);
            let is_linked = !self.read(self.0.store.identities(asked)).await?.is_empty();
            // A contested registration has nothing to sign in with: its mail is the one
            // to choose a password.
            let (purpose, kind) = match &unconfirmed {
                Some(account) if account.password.is_none() && !is_linked => {
                    (Purpose::ChoosePassword, Self::choose_password_mail(account))
                }
                _ => (Purpose::Confirm, MailKind::Confirmation),
            };
            let user = unconfirmed.map(|account| account.user);
            let enough = match enough {
                Some(enough) => enough,
                None => {
                    *enough.insert(self.mailed_enough(kind, user.as_ref(), &identifier, now).await?)
                }
            };
            let list = match &user {
                Some(user) => {
                    // A new code ends the one before: not where no mail brings the new one.
                    let with_code = kind == MailKind::Confirmation && !enough;
                    let (token, change) =
                        self.mail_token(&user.id, purpose, &user.email, with_code, now).await?;
                    let queue = !enough || is_new(&change);
                    let (mut tokens, mut list) = (vec![token], vec![change]);
                    self.not_me(user, &mut tokens, &mut list, now);
                    list.push(self.touch(user));
                    list.push(if queue {
                        self.mail_user(kind, user, tokens, &[], now)
                    } else {
                        self.void_mail(kind, purpose, &identifier, now)
                    });
                    list
                }
                None => {
                    let nobody = UserId::generate(now, &*self.0.rng);
                    self.read(self.0.store.live_token(&nobody, purpose, now)).await?;
                    let mut list = self.decoys(3, now);
                    list.push(self.void_mail(kind, purpose, &identifier, now));
                    list
                }
            };
            if self.commit(list, now).await?.is_ok() {
                least_time.await;
                return Ok(());
            }
        }
    }
}
