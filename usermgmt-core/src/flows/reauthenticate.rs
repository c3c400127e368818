//! Whether it is still the user who asks.

use super::authenticate::Current;
use super::ways_in::WaysIn;
use crate::auth::{Attempt, Auth, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::REAUTHENTICATION_WINDOW;
use crate::model::user::User;
use crate::secret::PlaintextPassword;

/// Why what a user asked for needs them to prove again who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReauthenticationError {
    /// The sign-in is too long ago, and no current password was given.
    #[error("sign in again, or give the current password")]
    Required(
        /// How they can; none is named where the account changed meanwhile.
        WaysIn,
    ),
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

impl Current {
    /// Whether the account is still the one that the request was let in for: a
    /// reset in between must not be overtaken by what a thief has under way.
    pub(crate) fn still(&self, user: &User) -> Result<(), ReauthenticationError> {
        if user.epoch == self.user.epoch {
            Ok(())
        } else {
            Err(ReauthenticationError::Required(WaysIn::default()))
        }
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
            return match self.check_current_password(current, password).await? {
                true => Ok(()),
                false => Err(ReauthenticateFailure::Refused(ReauthenticationError::WrongPassword)),
            };
        }
        if self.0.config.compat.no_reauthentication {
            return Ok(());
        }
        self.reauthenticate_by_session(current).await
    }

    /// Makes sure of a sign-in within 15 minutes, whatever the old services asked for.
    pub(super) async fn reauthenticate_by_session(
        &self,
        current: &Current,
    ) -> Result<(), ReauthenticateFailure> {
        if self.now().since(current.session.auth_time) <= REAUTHENTICATION_WINDOW {
            return Ok(());
        }
        let ways = self.ways_in(&current.user.id).await?;
        Err(ReauthenticateFailure::Refused(ReauthenticationError::Required(ways)))
    }

    /// Whether this is the user's password, counted against guessing.
    async fn check_current_password(
        &self,
        current: &Current,
        password: &PlaintextPassword,
    ) -> Result<bool, ServiceError> {
        let now = self.now();
        let by = session(current);
        let by = [by[0].as_str(), by[1].as_str()];
        let budget = self.0.config.limits.user_secret;
        let limits = Limit::budget(LimitName::SessionSecret, budget, &by);
        let (room, attempt) = self.admit(&limits, now).await?;
        let account = self.read(self.0.store.account(&current.user.id)).await?;
        let hash = account.as_ref().and_then(|account| account.password.as_ref());
        let right = room.verify(password, hash).await?.is_right();
        if right {
            self.succeeded(&attempt).await;
        }
        Ok(right)
    }

    /// Counts a try at the second factor of a user who is signed in: by session, so
    /// that neither strangers nor whoever stole another one use it up.
    pub(super) async fn attempt_in_session(
        &self,
        current: &Current,
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let by = session(current);
        let by = [by[0].as_str(), by[1].as_str()];
        let budget = self.0.config.limits.user_secret;
        self.attempt(&Limit::budget(LimitName::SessionCode, budget, &by), now).await
    }
}

fn session(current: &Current) -> [String; 2] {
    [current.user.id.to_string(), current.session.id.to_string()]
}
