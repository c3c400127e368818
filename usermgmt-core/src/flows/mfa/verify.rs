//! Verifying a code for a service.

use super::error::MfaError;
use crate::auth::{Auth, Client, LimitName};
use crate::model::ids::UserId;
use crate::secret::{PlaintextPassword, Redacted};
use crate::store::Guard;

impl Auth {
    /// Verifies a code for a service: the first code of a secret that waits
    /// turns the factor on; otherwise a code of the confirmed one, or a recovery
    /// code, which is used up. Each counts once, here and at sign-in together.
    ///
    /// `client` is the user's, as far as the service says so
    /// ([`Auth::check_credentials`]). Gives the token of their device, to be brought
    /// back with the next check.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn verify_mfa(
        &self,
        user: &UserId,
        code: &PlaintextPassword,
        client: &Client,
    ) -> Result<Option<Redacted<String>>, MfaError> {
        let now = self.now();
        self.account(user).await?.ok_or(MfaError::NotFound)?;
        let strangers = (LimitName::ServiceSecret, self.0.config.limits.user_secret);
        let tries = self.attempt_second_factor(user, strangers, client, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
            // A service gets no recovery codes.
            let first = self.confirmation(&account, code, Vec::new(), now);
            let list = match first {
                Ok(Some(list)) => list,
                Ok(None) if !account.mfa_enabled() => return Err(MfaError::InvalidCode),
                _ => match self.use_code(&account, code, now) {
                    Ok(Some((_, list))) => list,
                    Ok(None) => {
                        self.notice_second_factor(&account.user, &tries, client, now).await?;
                        return Err(MfaError::InvalidCode);
                    }
                    Err(error) => return self.not_a_try(&tries, error).await,
                },
            };
            match self.commit(list, now).await? {
                Ok(()) => {
                    self.succeeded(&tries).await;
                    return Ok(self.remember_device(&account.user, client, now).await?);
                }
                Err(Guard::Factor | Guard::RecoveryCode) => {
                    self.notice_second_factor(&account.user, &tries, client, now).await?;
                    return Err(MfaError::InvalidCode);
                }
                Err(_) => {}
            }
        }
    }
}
