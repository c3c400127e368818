//! What a client goes on with.

use std::time::Duration;

use serde_json::{Map, Value};

use super::error::ServiceError;
use super::facade::Auth;
use crate::claims;
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
    /// The application's own claims for a token; asked before anything is
    /// written, since they may not be had.
    pub(crate) async fn own_claims(
        &self,
        user: &User,
        session: &Session,
    ) -> Result<Map<String, Value>, ServiceError> {
        let Some(source) = &self.0.claims else { return Ok(Map::new()) };
        let asked = tokio::time::timeout(self.0.config.store_timeout, source.claims(user, session));
        let own = match asked.await {
            Ok(answer) => answer,
            Err(elapsed) => Err(elapsed.into()),
        };
        let own = own.map_err(|why| {
            let text = format!("the application's claims were not had: {why}");
            ServiceError::Unavailable(text.into())
        })?;
        claims::check(&own).map_err(|problem| ServiceError::Internal(problem.to_string()))?;
        Ok(own)
    }

    /// The tokens of a session's present generation.
    pub(crate) fn tokens(
        &self,
        user: &User,
        session: &Session,
        own: Map<String, Value>,
        now: Timestamp,
    ) -> Result<Tokens, ServiceError> {
        let keys = self.keys();
        let claims = keys.jwt.claims(user, session, own, now, &*self.0.rng);
        let access = keys.jwt.issue(&claims).map_err(ServiceError::Internal)?;
        Ok(Tokens {
            access_token: access,
            refresh_token: token::refresh(&keys.ring, session.id, session.generation),
            expires_in: keys.jwt.ttl(),
        })
    }
}
