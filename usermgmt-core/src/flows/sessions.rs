//! Who a request is from; sessions and their end.

use std::sync::Arc;

use crate::auth::{Attempt, Auth, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::REAUTHENTICATION_WINDOW;
use crate::jwt::{AccessClaims, AccessError};
use crate::model::ids::{SessionId, UserId};
use crate::model::session::Session;
use crate::model::user::User;
use crate::secret::PlaintextPassword;
use crate::store::Change;
use crate::token;

/// The user and session that a request is from, as the store has them now.
#[derive(Clone, Debug)]
pub struct Current {
    /// The user: there, confirmed and not disabled.
    pub user: User,
    /// The session: not ended and not expired.
    pub session: Session,
}

impl Current {
    /// Whether the account is still the one that the request was let in for: a
    /// reset in between must not be overtaken by what a thief has under way.
    pub(crate) fn still(&self, user: &User) -> Result<(), ReauthenticationError> {
        if user.epoch == self.user.epoch { Ok(()) } else { Err(ReauthenticationError::Required) }
    }
}

/// Why a bearer of a token is nobody.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The token itself.
    #[error(transparent)]
    Token(#[from] AccessError),
    /// The user was deleted since.
    #[error("the user is gone")]
    UserGone,
    /// The session was ended or expired, or the user was disabled.
    #[error("the session has ended")]
    SessionEnded,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

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

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The user has no such session.
    #[error("there is no such session")]
    NotFound,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
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

macro_rules! from_reauthenticate_failure {
    ($($error:path),*) => {$(
        impl From<ReauthenticateFailure> for $error {
            fn from(failure: ReauthenticateFailure) -> Self {
                match failure {
                    ReauthenticateFailure::Refused(refused) => Self::Reauthentication(refused),
                    ReauthenticateFailure::Service(service_error) => Self::Service(service_error),
                }
            }
        }
    )*};
}
from_reauthenticate_failure!(super::delete::DeleteError, super::profile::ProfileError);
from_reauthenticate_failure!(super::mfa::MfaError);

impl Auth {
    /// Checks an access token: signature, times, issuer, audience. Asks no store,
    /// so what has ended since the token was issued is not seen.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn access_claims(&self, access_token: &str) -> Result<Arc<AccessClaims>, AccessError> {
        self.0.jwt.check(access_token, self.now())
    }

    /// Checks an access token and loads its user and session: one statement.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn current(&self, access_token: &str) -> Result<Current, AuthenticationError> {
        let now = self.now();
        let claims = self.0.jwt.check(access_token, now)?;
        match self.read(self.0.store.user_with_session(&claims.sub, claims.sid, now)).await? {
            None => Err(AuthenticationError::UserGone),
            Some((user, Some(session))) if user.is_active() => Ok(Current { user, session }),
            Some(_) => Err(AuthenticationError::SessionEnded),
        }
    }

    /// Who a token of either kind is from: for signing out, which takes both.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn bearer_of_any_token(&self, bearer: &str) -> Result<Current, AuthenticationError> {
        if !bearer.starts_with(token::REFRESH_PREFIX) {
            return self.current(bearer).await;
        }
        let now = self.now();
        let (id, generation) =
            token::parse_refresh(&self.0.keys, bearer).ok_or(AccessError::Invalid)?;
        match self.read(self.0.store.session(id, now)).await? {
            // One generation back is what a client holds whose last reply was lost.
            Some((session, user)) if user.is_active() && generation >= session.generation - 1 => {
                Ok(Current { user, session })
            }
            _ => Err(AuthenticationError::SessionEnded),
        }
    }

    /// Ends the present session.
    ///
    /// # Errors
    /// [`ServiceError`]. That it has ended already is no error.
    pub async fn sign_out(&self, current: &Current) -> Result<(), ServiceError> {
        match self.end_session(&current.user.id, current.session.id).await {
            Ok(()) | Err(SessionError::NotFound) => Ok(()),
            Err(SessionError::Service(service_error)) => Err(service_error),
        }
    }

    /// Ends all of a user's sessions, and every sign-in that waits for its second
    /// factor. One whose password is verified at this moment counts as made after.
    ///
    /// # Errors
    /// [`ServiceError`]. That the user is gone is no error.
    pub async fn sign_out_all(&self, user: &UserId) -> Result<(), ServiceError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Some(account) = self.read(self.0.store.account(user)).await? else {
                return Ok(());
            };
            let list = vec![
                Change::UpdateUser {
                    id: user.clone(),
                    epoch: account.user.epoch,
                    raise_epoch: true,
                    at: account.user.updated_at,
                    set: Box::default(),
                },
                Change::EndSessions { user_id: user.clone(), except: None },
                self.audit(user, "session.all_ended", &[], now),
            ];
            if self.commit(list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }

    /// A user's sessions, the one used last first.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn sessions(&self, user: &UserId) -> Result<Vec<Session>, ServiceError> {
        self.read(self.0.store.sessions(user, self.now())).await
    }

    /// Ends one of a user's sessions.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn end_session(&self, user: &UserId, id: SessionId) -> Result<(), SessionError> {
        let now = self.now();
        let list = vec![
            Change::EndSession { id, user_id: user.clone(), generation: None },
            self.audit(user, "session.ended", &[], now),
        ];
        self.commit(list, now).await?.map_err(|_| SessionError::NotFound)
    }

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
