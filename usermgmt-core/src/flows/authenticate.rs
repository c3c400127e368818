//! Who a request is from.

use std::sync::Arc;

use crate::auth::{Auth, Client, ServiceError};
use crate::jwt::{AccessClaims, AccessError};
use crate::model::session::Session;
use crate::model::user::User;
use crate::token;

/// The user and session that a request is from, as the store has them now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Current {
    /// The user: there, confirmed and not disabled.
    pub user: User,
    /// The session: not ended and not expired.
    pub session: Session,
    /// Where the request came from, as far as whoever took it says so
    /// ([`Current::from_client`]): the audit log names it.
    pub client: Client,
}

impl Current {
    pub(super) fn new(user: User, session: Session) -> Self {
        Self { user, session, client: Client::default() }
    }

    /// With where the request came from.
    #[must_use]
    pub fn from_client(self, client: Client) -> Self {
        Self { client, ..self }
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

impl Auth {
    /// Checks an access token: signature, times, issuer, audience. Asks no store,
    /// so what has ended since the token was issued is not seen.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn access_claims(&self, access_token: &str) -> Result<Arc<AccessClaims>, AccessError> {
        self.keys().jwt.check(access_token, self.now())
    }

    /// Checks an access token and loads its user and session: one statement.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn current(&self, access_token: &str) -> Result<Current, AuthenticationError> {
        let now = self.now();
        let claims = self.keys().jwt.check(access_token, now)?;
        match self.read(self.0.store.user_with_session(&claims.sub, claims.sid, now)).await? {
            None => Err(AuthenticationError::UserGone),
            Some((user, Some(session))) if user.is_active() => {
                self.note_receipt(&claims, &session);
                Ok(Current::new(user, session))
            }
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
            token::parse_refresh(&self.keys().ring, bearer).ok_or(AccessError::Invalid)?;
        match self.read(self.0.store.session(id, now)).await? {
            // One generation back is what a client holds whose last reply was lost.
            Some((session, user)) if user.is_active() && generation >= session.generation - 1 => {
                Ok(Current::new(user, session))
            }
            _ => Err(AuthenticationError::SessionEnded),
        }
    }
}
