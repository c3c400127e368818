//! What a client goes on with.

use std::time::Duration;

use super::error::ServiceError;
use super::facade::Auth;
use crate::clock::Timestamp;
use crate::model::session::Session;
use crate::model::user::User;
use crate::secret::Redacted;
use crate::token;

/// What a client gets to go on with (RFC 6749, 5.1).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tokens {
    /// The access token.
    pub access_token: Redacted<String>,
    /// The refresh token.
    pub refresh_token: Redacted<String>,
    /// How long the access token is good.
    pub expires_in: Duration,
}

impl Auth {
    /// The tokens of a session's present generation.
    pub(crate) fn tokens(
        &self,
        user: &User,
        session: &Session,
        now: Timestamp,
    ) -> Result<Tokens, ServiceError> {
        let access =
            self.0.jwt.issue(user, session, now, &*self.0.rng).map_err(ServiceError::Internal)?;
        Ok(Tokens {
            access_token: access,
            refresh_token: token::refresh(&self.0.keys, session.id, session.generation),
            expires_in: self.0.jwt.ttl(),
        })
    }
}
