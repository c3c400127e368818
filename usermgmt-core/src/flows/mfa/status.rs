//! What is known of a user's second factor.

use super::error::MfaError;
use crate::auth::{Auth, ServiceError};
use crate::model::ids::UserId;

/// What is known of a user's second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MfaStatus {
    /// Signing in asks for it.
    pub enabled: bool,
    /// A secret waits for its first code.
    pub pending: bool,
}

impl Auth {
    /// Whether the second factor is on, and whether one waits for its first code.
    ///
    /// # Errors
    /// [`MfaError::NotFound`] and [`MfaError::Service`].
    pub async fn mfa_status(&self, user: &UserId) -> Result<MfaStatus, MfaError> {
        let account = self.account(user).await?.ok_or(MfaError::NotFound)?;
        Ok(MfaStatus {
            enabled: !self.second_factors(&account).await?.is_empty(),
            pending: account.totp.is_some_and(|totp| totp.pending.is_some()),
        })
    }

    /// How many unused recovery codes a user has; none where there is no such user.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn recovery_codes_left(&self, user: &UserId) -> Result<u64, ServiceError> {
        self.read(self.0.store.recovery_codes_left(user)).await
    }
}
