//! Signing in by the mailed link.

use super::MailSignInError;
use super::open::Mailed;
use crate::auth::{Auth, Client};
use crate::clock::Timestamp;
use crate::flows::sign_in::SignInOutcome;
use crate::metrics::{Counted, SignInResult};
use crate::model::identifier::Email;
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::token;

/// What a mailed link would sign in to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MailSignInLink {
    /// The mailbox that it was mailed to.
    pub email: Email,
    /// Whose it is; `None` where following it makes an account.
    pub user: Option<User>,
}

impl Auth {
    /// Whether a mailed link would sign in, and as whom: to be shown before it
    /// does, so that nobody is signed in to a stranger's account unawares. Changes
    /// nothing, however often it is asked: mail scanners open links.
    ///
    /// # Errors
    /// [`MailSignInError`], as following the link would give.
    pub async fn inspect_mail_sign_in(
        &self,
        link_token: &str,
        client: &Client,
    ) -> Result<MailSignInLink, MailSignInError> {
        self.attempt_token(client, self.now()).await?;
        let Mailed { email, account, .. } = self.open_mailed_link(link_token, self.now()).await?;
        Ok(MailSignInLink { email, user: account.map(|account| account.user) })
    }

    /// Signs in by the mailed link, wherever it was asked for. An unconfirmed
    /// address is confirmed by it, and the password that stood is dropped: whoever
    /// set it has not shown that the address is theirs.
    ///
    /// # Errors
    /// [`MailSignInError`].
    pub async fn sign_in_by_link(
        &self,
        link_token: &str,
        client: &Client,
    ) -> Result<SignInOutcome, MailSignInError> {
        self.attempt_token(client, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let mailed = self.open_mailed_link(link_token, now).await.inspect_err(|error| {
                if let MailSignInError::InvalidToken = error {
                    self.0.metrics.count(Counted::SignIn(SignInResult::Refused));
                }
            })?;
            if let Some(outcome) = self.enter(&mailed, client, now).await? {
                return Ok(outcome);
            }
        }
    }

    async fn open_mailed_link(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Mailed, MailSignInError> {
        if !self.mail_sign_in_is_on() {
            return Err(MailSignInError::Off);
        }
        let id = match token::parse_one_time(&self.keys().ring, text) {
            Some((Purpose::EmailSignIn, id)) => id,
            _ => return Err(MailSignInError::InvalidToken),
        };
        self.open_mailed(id, now).await?.ok_or(MailSignInError::InvalidToken)
    }
}
