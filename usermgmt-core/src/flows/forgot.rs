//! Asking for a link to set a new password.

use super::mail_request::is_new;
use crate::auth::{Auth, Client, ServiceError};
use crate::captcha::CaptchaAction;
use crate::model::identifier::Identifier;
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;

impl Auth {
    /// Mails a link to set a new password, unless the mailbox got enough of them
    /// lately and the last one is good. The outcome is the same whoever is
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
        self.ask_captcha(CaptchaAction::ForgotPassword, client).await?;
        let least_time = self.least_time();
        self.attempt_mail(client, self.now()).await?;
        let identifier = Identifier::typed(identifier);
        let mut enough = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
            let account = account.filter(|account| account.user.disabled_at.is_none());
            let (purpose, kind) = match &account {
                Some(account) if !account.user.is_email_confirmed() => {
                    (Purpose::ChoosePassword, Self::choose_password_mail(account))
                }
                _ => (Purpose::Reset, MailKind::PasswordReset),
            };
            let user = account.map(|account| account.user);
            let enough = match enough {
                Some(enough) => enough,
                None => {
                    *enough.insert(self.mailed_enough(kind, user.as_ref(), &identifier, now).await?)
                }
            };
            let list = match &user {
                Some(user) => {
                    let (token, change) =
                        self.mail_token(&user.id, purpose, &user.email, false, now).await?;
                    let queue = !enough || is_new(&change);
                    let (mut tokens, mut list) = (vec![token], vec![change]);
                    self.not_me(user, &mut tokens, &mut list, now);
                    list.push(self.touch(user));
                    list.push(if queue {
                        self.mail_user(kind, user, tokens, &[], now)
                    } else {
                        self.void_mail(kind, purpose, &identifier, now)
                    });
                    list.push(self.audit(&user.id, "password.reset_requested", &[], now));
                    list
                }
                None => {
                    let nobody = UserId::generate(now, &*self.0.rng);
                    self.read(self.0.store.live_token(&nobody, purpose, now)).await?;
                    let mut list = self.decoys(4, now);
                    list.push(self.void_mail(kind, purpose, &identifier, now));
                    list
                }
            };
            if self.commit_from(client, list, now).await?.is_ok() {
                least_time.await;
                return Ok(());
            }
        }
    }
}
