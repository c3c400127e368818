//! Asking for the confirmation of a registration again.

use crate::auth::{Auth, Client, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
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
        let now = self.now();
        let identifier = Identifier::typed(email);
        self.attempt_mail(&identifier, client, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
            if account.is_none() && self.0.config.compat.reveal_existing_accounts {
                return Err(ResendError::UnknownUser);
            }
            let unconfirmed = account.filter(|account| !account.user.is_email_confirmed());
            let list = match &unconfirmed {
                Some(account) => {
                    let user = &account.user;
                    // A contested registration has no password: its mail is the one to choose it.
                    let (purpose, kind) = if account.password.is_some() {
                        (Purpose::Confirm, MailKind::Confirmation)
                    } else {
                        (Purpose::ChoosePassword, MailKind::ChoosePassword)
                    };
                    let with_code = kind == MailKind::Confirmation;
                    let (token, change) =
                        self.mail_token(&user.id, purpose, &user.email, with_code, now).await?;
                    let (mut tokens, mut list) = (vec![token], vec![change]);
                    self.not_me(user, &mut tokens, &mut list, now);
                    list.push(self.touch(user));
                    list.push(self.mail_user(kind, user, tokens, &[], now));
                    list
                }
                None => {
                    let nobody = UserId::generate(now, &*self.0.rng);
                    self.read(self.0.store.live_token(&nobody, Purpose::Confirm, now)).await?;
                    self.decoys(4, now)
                }
            };
            if self.commit(list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }

    /// Counts a request that makes us send mail.
    pub(crate) async fn attempt_mail(
        &self,
        identifier: &Identifier,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let limits = &self.0.config.limits;
        self.attempt(
            &[
                Limit {
                    rate: limits.mail_identifier,
                    name: LimitName::MailIdentifier,
                    by: &[identifier.canonical()],
                },
                Limit {
                    rate: client.limit(limits.mail_client),
                    name: LimitName::MailClient,
                    by: &[&client.network()],
                },
            ],
            now,
        )
        .await?;
        Ok(())
    }
}
