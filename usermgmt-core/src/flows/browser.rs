//! Sessions that a browser keeps as a cookie.

use std::sync::Arc;
use std::time::Duration;

use super::authenticate::{AuthenticationError, Current};
use crate::auth::{Auth, Client, ServiceError};
use crate::causes::with_causes;
use crate::jwt::{AccessClaims, AccessError};
use crate::model::ids::SessionId;
use crate::model::session::Session;
use crate::secret::Redacted;
use crate::store::Change;
use crate::token;

/// How long a session is used before that is written down again.
const NOTED_EVERY: Duration = Duration::from_secs(10 * 60);

impl Auth {
    /// The value of the cookie that stands for a session (`umb_…`). It is derived,
    /// so the store holds nothing that could be presented. Whoever puts it into a
    /// cookie keeps it from scripts and other sites (`HttpOnly`, `SameSite=Lax`).
    pub fn browser_cookie(&self, session: &Session) -> Redacted<String> {
        token::browser(&self.keys().ring, session.id)
    }

    /// What every form of this session carries, so that no other site can have
    /// made it (OWASP, "Cross-Site Request Forgery Prevention").
    pub fn form_token(&self, session: &Session) -> Redacted<String> {
        token::form(&self.keys().ring, session.id)
    }

    /// Whether a form is of this session.
    pub fn is_form_token(&self, session: &Session, presented: &str) -> bool {
        token::form_matches(&self.keys().ring, session.id, presented)
    }

    /// Checks a cookie and loads its user and session: one statement, and a second
    /// one now and then that keeps a session alive which is used.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn current_in_browser(
        &self,
        cookie: &str,
        client: &Client,
    ) -> Result<Current, AuthenticationError> {
        let now = self.now();
        let id = token::parse_browser(&self.keys().ring, cookie).ok_or(AccessError::Invalid)?;
        let Some((session, user)) = self.read(self.0.store.session(id, now)).await? else {
            return Err(AuthenticationError::SessionEnded);
        };
        if !user.is_active() {
            return Err(AuthenticationError::SessionEnded);
        }
        if now.since(session.last_seen_at) >= NOTED_EVERY {
            let change = Change::RotateSession {
                id,
                generation: session.generation,
                to: session.generation,
                now,
                expires_at: (now + self.0.config.refresh_token_ttl).min(session.max_expires_at),
                ip: client.address,
                user_agent: client.shown_agent(),
            };
            // A guard that fails means that somebody else did it, or that it is over.
            if let Err(error) = self.commit(vec![change], now).await {
                tracing::debug!(
                    error = %with_causes(&error),
                    "that a session was used is not noted yet"
                );
            }
        }
        Ok(Current::new(user, session).from_client(client.clone()))
    }

    /// What an access token of this session would say.
    ///
    /// # Errors
    /// [`ServiceError`], where the application's own claims cannot be had.
    pub async fn claims_in_browser(
        &self,
        current: &Current,
    ) -> Result<Arc<AccessClaims>, ServiceError> {
        let (user, session) = (&current.user, &current.session);
        let own = self.own_claims(user, session).await?;
        let rng = &*self.0.rng;
        Ok(Arc::new(self.keys().jwt.claims(user, session, own, self.now(), rng)))
    }

    /// Puts another session in the place of this one, so that a cookie which
    /// somebody else may have is good for nothing after what raised what a session
    /// may do (OWASP, "Session Management", "Renew the Session ID").
    ///
    /// # Errors
    /// [`AuthenticationError::SessionEnded`] where it was ended since.
    pub async fn renew_session(&self, current: &Current) -> Result<Session, AuthenticationError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            // Read again: what raised it has changed the user since.
            let found = self.read(self.0.store.session(current.session.id, now)).await?;
            let Some((old, user)) = found.filter(|(_, user)| user.is_active()) else {
                return Err(AuthenticationError::SessionEnded);
            };
            let session = self.successor(&old);
            let list = vec![
                // What ends all sessions at this moment must not miss the new one.
                Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
                Change::EndSession { id: old.id, user_id: user.id.clone(), generation: None },
                Change::InsertSession(Box::new(session.clone())),
                self.audit(&user.id, "session.renewed", &[], now),
            ];
            if self.commit(list, now).await?.is_ok() {
                return Ok(session);
            }
        }
    }

    /// The same sign-in under another id.
    fn successor(&self, old: &Session) -> Session {
        Session {
            id: SessionId::generate(&*self.0.rng),
            generation: 0,
            rotated_at: None,
            received: None,
            received_at: None,
            replayed: None,
            replays: 0,
            ..old.clone()
        }
    }
}
