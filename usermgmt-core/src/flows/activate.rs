//! Activating a user whom a service created.

use super::link::LinkError;
use super::mail_request::is_new;
use crate::auth::{Auth, Client, ServiceError};
use crate::model::identifier::Identifier;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::{Account, User};

/// Why a user was not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// Not a code of ours, used before, or replaced.
    #[error("the activation code is invalid")]
    Invalid,
    /// Its time is over.
    #[error("the activation code has expired")]
    Expired,
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The user's address is confirmed already.
    #[error("the user is activated already")]
    AlreadyActivated,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<LinkError> for ActivationError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Expired => Self::Expired,
            LinkError::Service(service_error) => Self::Service(service_error),
            LinkError::Invalid | LinkError::AlreadyConfirmed => Self::Invalid,
        }
    }
}

impl Auth {
    /// Activates a user by the code that was mailed to them.
    ///
    /// # Errors
    /// [`ActivationError`].
    pub async fn activate(&self, code: &str, client: &Client) -> Result<User, ActivationError> {
        self.attempt_token(client, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let link = self.open_link(code.trim(), &[Purpose::Activation], now).await?;
            let (user, id) = (link.account.user, link.token.id);
            let committed = self
                .commit_confirmation(user, id, Purpose::Activation, "user.activated", client, now)
                .await?;
            if let Some(user) = committed {
                return Ok(user);
            }
        }
    }

    /// Mails the activation code again: to a user whom a service created the
    /// code to activate, to one who registered themselves the confirmation.
    ///
    /// # Errors
    /// [`ActivationError`].
    pub async fn resend_activation(
        &self,
        identifier: &str,
        client: &Client,
    ) -> Result<User, ActivationError> {
        self.attempt_mail(client, self.now()).await?;
        let identifier = Identifier::typed(identifier);
        let mut enough = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Account { user, password, .. } = self
                .read(self.0.store.account_by_identifier(&identifier, now))
                .await?
                .ok_or(ActivationError::NotFound)?;
            if user.is_email_confirmed() {
                return Err(ActivationError::AlreadyActivated);
            }
            let (purpose, kind) = if password.is_none() {
                // A contested registration: whoever has the mailbox chooses the password.
                (Purpose::ChoosePassword, MailKind::ChoosePassword)
            } else if user.unconfirmed_until.is_some() {
                (Purpose::Confirm, MailKind::Confirmation)
            } else {
                (Purpose::Activation, MailKind::Activation)
            };
            let enough = match enough {
                Some(enough) => enough,
                None => {
                    *enough.insert(self.mailed_enough(kind, Some(&user), &identifier, now).await?)
                }
            };
            let with_code = kind == MailKind::Confirmation && !enough;
            let (token, change) =
                self.mail_token(&user.id, purpose, &user.email, with_code, now).await?;
            if enough && !is_new(&change) {
                return Ok(user);
            }
            let (mut tokens, mut list) = (vec![token], vec![change, self.touch(&user)]);
            self.not_me(&user, &mut tokens, &mut list, now);
            list.push(self.mail_user(kind, &user, tokens, &[], now));
            if self.commit(list, now).await?.is_ok() {
                return Ok(user);
            }
        }
    }
}
