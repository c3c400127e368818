//! Verifying a code for a service.

use super::error::MfaError;
use crate::auth::{Auth, Limit, LimitName};
use crate::model::ids::UserId;
use crate::secret::PlaintextPassword;
use crate::store::Guard;

impl Auth {
    /// Verifies a code for a service: the first code of a secret that waits
    /// turns the factor on; otherwise a code of the confirmed one, or a recovery
    /// code, which is used up. Each counts once, here and at sign-in together.
    ///
    /// # Errors
    /// [`MfaError`].
    pub async fn verify_mfa(
        &self,
        user: &UserId,
        code: &PlaintextPassword,
    ) -> Result<(), MfaError> {
        let now = self.now();
        self.account(user).await?.ok_or(MfaError::NotFound)?;
        let by = [user.as_str()];
        let budget = self.0.config.limits.user_secret;
        let limits = Limit::budget(LimitName::ServiceSecret, budget, &by);
        let attempt = self.attempt(&limits, now).await?;
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
                    Ok(None) => return Err(MfaError::InvalidCode),
                    Err(error) => return self.not_a_try(&attempt, error).await,
                },
            };
            match self.commit(list, now).await? {
                Ok(()) => {
                    self.succeeded(&attempt).await;
                    return Ok(());
                }
                Err(Guard::Factor | Guard::RecoveryCode) => return Err(MfaError::InvalidCode),
                Err(_) => {}
            }
        }
    }
}
