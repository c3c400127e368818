//! Whether it is still the user who asks.

use super::authenticate::Current;
use crate::auth::{Attempt, Auth, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::REAUTHENTICATION_WINDOW;
use crate::model::ids::UserId;
use crate::secret::PlaintextPassword;

/// Why what a user asked for needs them to prove again who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReauthenticationError {
    /// The sign-in is too long ago, and no current password was given.
    #[error("sign in again, or give the current password")]
    Required,
    /// The current password that was given is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
}

/// Either failure of [`Auth::reauthenticate`].
#[derive(Debug)]
pub(crate) enum ReauthenticateFailure {
    Refused(ReauthenticationError),
    Service(ServiceError),
}

impl From<ServiceError> for ReauthenticateFailure {
    fn from(service_error: ServiceError) -> Self {
        Self::Service(service_error)
    }
}

impl Auth {
    /// Makes sure that it is the user who asks, and not somebody who found their
    /// browser open: a sign-in within 15 minutes, or the current password. A
    /// password that is given is checked in any case.
    pub(crate) async fn reauthenticate(
        &self,
        current: &Current,
        password: Option<&PlaintextPassword>,
    ) -> Result<(), ReauthenticateFailure> {
        if let Some(password) = password {
            return match self.check_current_password(&current.user.id, password).await? {
                true => Ok(()),
                false => Err(ReauthenticateFailure::Refused(ReauthenticationError::WrongPassword)),
            };
        }
        let recent = self.now().since(current.session.auth_time) <= REAUTHENTICATION_WINDOW;
        if recent || self.0.config.compat.no_reauthentication {
            return Ok(());
        }
        Err(ReauthenticateFailure::Refused(ReauthenticationError::Required))
    }

    /// Whether this is the user's password, counted against guessing.
    pub(crate) async fn check_current_password(
        &self,
        user: &UserId,
        password: &PlaintextPassword,
    ) -> Result<bool, ServiceError> {
        let now = self.now();
        let by = [user.as_str()];
        let (room, attempt) = self.admit(&[self.user_secret(&by)], now).await?;
        let account = self.read(self.0.store.account(user)).await?;
        let hash = account.as_ref().and_then(|account| account.password.as_ref());
        let right = room.verify(password, hash).await?.is_right();
        if right {
            self.give_back(&attempt).await;
        }
        Ok(right)
    }

    /// Counts a try at a secret of a user who is signed in.
    pub(crate) async fn attempt_user_secret(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        self.attempt(&[self.user_secret(&[user.as_str()])], now).await
    }

    fn user_secret<'a>(&self, user: &'a [&'a str]) -> Limit<'a> {
        Limit { rate: self.0.config.limits.user_secret, name: LimitName::UserSecret, by: user }
    }
}
