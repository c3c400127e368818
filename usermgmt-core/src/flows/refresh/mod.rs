//! Going on with a session: refresh tokens, their rotation, and what happens
//! when one comes back (RFC 9700, 4.14).

#[cfg(all(test, feature = "testkit", feature = "memory"))]
mod crowd;
mod decision;

use serde_json::Map;

use self::decision::{Decision, Rules};
use crate::auth::{Auth, Client, ServiceError, Tokens};
use crate::clock::Timestamp;
use crate::model::mail::MailKind;
use crate::model::session::Session;
use crate::model::user::User;
use crate::store::Change;
use crate::token;

/// Why a session does not go on.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Not a refresh token of ours, or the session has ended, or its user is
    /// not active any more.
    #[error("the refresh token is invalid")]
    Invalid,
    /// The token was used before, and longer ago than a lost reply explains.
    /// The session has been ended and its owner is told.
    #[error("the refresh token was used before; the session has been ended")]
    Reused,
    /// An access token was presented.
    #[error("this is not a refresh token")]
    WrongType,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Exchanges a refresh token for new tokens: two round trips to the store.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(
        &self,
        refresh_token: &str,
        client: &Client,
    ) -> Result<Tokens, RefreshError> {
        let Some((id, presented)) = token::parse_refresh(&self.keys().ring, refresh_token) else {
            if let Some(claims) = self.legacy_claims(refresh_token, self.now()) {
                return self.exchange_legacy(claims, client).await;
            }
            let other = refresh_token.starts_with(token::ONE_TIME_PREFIX)
                || self.access_claims(refresh_token).is_ok();
            return Err(if other { RefreshError::WrongType } else { RefreshError::Invalid });
        };
        let config = &self.0.config;
        // A guard that fails never ends a session: read again, decide again.
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let Some((session, user)) = self.read(self.0.store.session(id, now)).await? else {
                return Err(RefreshError::Invalid);
            };
            if !user.is_active() {
                return Err(RefreshError::Invalid);
            }
            let rules = Rules {
                grace: config.refresh_grace,
                fixed: config.compat.fixed_refresh_tokens,
                same_client: client.address.is_some()
                    && client.address == session.ip
                    && client.shown_agent() == session.user_agent,
            };
            let decision = decision::decide(&session, presented, rules, now);
            let own = match decision {
                Decision::Reuse => Map::new(),
                _ => self.own_claims(&user, &session).await?,
            };
            match decision {
                Decision::Replay { noted } => {
                    if let Some(replays) = noted
                        && !self.note_replay(&session, presented, replays, now).await?
                    {
                        continue;
                    }
                    tracing::info!(event = "refresh_replayed", user_id = %user.id, "a refresh token came twice");
                    return Ok(self.tokens(&user, &session, own, now)?);
                }
                Decision::Rotate { to } => {
                    if let Some(session) = self.rotate(session, to, client, now).await? {
                        return Ok(self.tokens(&user, &session, own, now)?);
                    }
                }
                Decision::CatchUp { to } => {
                    if let Some(session) = self.rotate(session, to, client, now).await? {
                        tracing::warn!(
                            event = "refresh_ahead_of_store",
                            user_id = %user.id,
                            "a refresh token is later than the store knows: has it lost writes?"
                        );
                        return Ok(self.tokens(&user, &session, own, now)?);
                    }
                }
                Decision::Reuse => {
                    if self.end_reused(&session, &user, client, now).await? {
                        return Err(RefreshError::Reused);
                    }
                }
            }
        }
    }

    /// Moves the session on. `None`: it changed in between.
    async fn rotate(
        &self,
        session: Session,
        to: i64,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Session>, ServiceError> {
        let expires_at = (now + self.0.config.refresh_token_ttl).min(session.max_expires_at);
        let user_agent = client.shown_agent();
        let change = Change::RotateSession {
            id: session.id,
            generation: session.generation,
            to,
            now,
            expires_at,
            ip: client.address,
            user_agent: user_agent.clone(),
        };
        let rotated = self.commit(vec![change], now).await?;
        Ok(rotated.is_ok().then(|| Session {
            generation: to,
            rotated_at: if to == session.generation { session.rotated_at } else { Some(now) },
            last_seen_at: now,
            expires_at,
            ip: client.address.or(session.ip),
            user_agent: user_agent.or(session.user_agent.clone()),
            ..session
        }))
    }

    /// Notes that the previous generation came again. False: it changed in between.
    async fn note_replay(
        &self,
        session: &Session,
        replayed: i64,
        replays: i64,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        let (id, generation) = (session.id, session.generation);
        let change = Change::ReplaySession { id, generation, replayed, replays, now };
        Ok(self.commit(vec![change], now).await?.is_ok())
    }

    /// Ends a session whose token came back. False: it changed in between.
    async fn end_reused(
        &self,
        session: &Session,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        let device = session.user_agent.clone().unwrap_or_default();
        let list = vec![
            Change::EndSession {
                id: session.id,
                user_id: user.id.clone(),
                generation: Some(session.generation),
            },
            self.audit(&user.id, "session.refresh_reused", &[], now),
            self.mail_user(
                MailKind::RefreshReuse,
                user,
                vec![],
                &[("device", &device), ("time", &now.to_string())],
                now,
            ),
        ];
        let ended = self.commit_from(client, list, now).await?.is_ok();
        if ended {
            tracing::warn!(event = "refresh_reused", user_id = %user.id, "a refresh token was used twice");
        }
        Ok(ended)
    }
}
