//! Signing in with a password.

use super::amr::PASSWORD;
use super::credentials::{SignIn, SignInError, Verified};
use super::open_session::SignedIn;
use crate::auth::{Auth, Client};
use crate::captcha::CaptchaAction;
use crate::metrics::{Counted, SignInResult};
use crate::secret::Redacted;

/// What signing in led to.
#[derive(Clone, Debug)]
pub enum SignInOutcome {
    /// A session.
    SignedIn(Box<SignedIn>),
    /// The first factor is right; the second is asked for.
    MfaRequired {
        /// Stands for the first factor that was right.
        ticket: Redacted<String>,
        /// What the user can answer with: `totp`, `passkey`, `recovery_code`.
        methods: Vec<&'static str>,
    },
}

impl Auth {
    /// Signs in by username or address and password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        command: &SignIn,
        client: &Client,
    ) -> Result<SignInOutcome, SignInError> {
        self.ask_captcha(CaptchaAction::SignIn, client).await?;
        let (mut account, attempt) = match self.verify_credentials(command, client).await? {
            Verified::Yes(account, attempt) => (*account, attempt),
            Verified::No => {
                self.0.metrics.count(Counted::SignIn(SignInResult::Refused));
                return Err(SignInError::InvalidCredentials);
            }
        };
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let methods = self.second_factors(&account).await?;
            if !methods.is_empty() {
                if let Some(outcome) =
                    self.issue_mfa_ticket(&account, PASSWORD, methods, vec![], now).await?
                {
                    self.succeeded(&attempt).await;
                    return Ok(outcome);
                }
            } else if let Ok(signed_in) =
                self.open_session(&account.user, &[PASSWORD], vec![], client, now).await?
            {
                self.succeeded(&attempt).await;
                return Ok(SignInOutcome::SignedIn(Box::new(signed_in)));
            }
            // The account changed since the password was verified. That password
            // counts for the account as it is now only if it is still the one.
            let verified_against = account.password.take();
            let fresh = self.read(self.0.store.account(&account.user.id)).await?;
            account = match fresh {
                Some(fresh) if fresh.user.is_active() && fresh.password == verified_against => {
                    fresh
                }
                _ => return Err(SignInError::InvalidCredentials),
            };
        }
    }
}
