//! Sessions.

use std::net::IpAddr;

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{SessionId, UserId};
use usermgmt_core::model::session::{MAX_SESSIONS, Session};
use usermgmt_core::model::user::User;
use usermgmt_core::store::{Guard, SessionStore, StoreError};

use super::user_row::{user, user_columns};
use crate::guard::Step;
use crate::row::Columns;
use crate::sql::{Statement, json, limit, statement};
use crate::store::SqlStore;

/// A session's columns, in the order in which [`session`] reads them; the table is `s`.
macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.generation, s.rotated_at, s.created_at, s.last_seen_at, \
         s.expires_at, s.max_expires_at, s.auth_time, s.amr, s.ip, s.user_agent, \
         s.received, s.received_at, s.replayed, s.replays"
    };
}
pub(crate) use session_columns;

pub(crate) fn session(row: &mut Columns<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.id()?,
        user_id: row.parsed()?,
        generation: row.int()?,
        rotated_at: row.opt_time()?,
        created_at: row.time()?,
        last_seen_at: row.time()?,
        expires_at: row.time()?,
        max_expires_at: row.time()?,
        auth_time: row.time()?,
        amr: row.json()?,
        ip: row.opt_ip()?,
        user_agent: row.opt_text()?,
        received: row.opt_int()?,
        received_at: row.opt_time()?,
        replayed: row.opt_int()?,
        replays: row.int()?,
    })
}

pub(crate) fn select(id: SessionId, now: Timestamp) -> Statement<'static> {
    statement(concat!(
        "SELECT ",
        session_columns!(),
        ", ",
        user_columns!(),
        " FROM usermgmt_sessions s JOIN usermgmt_users u ON u.id = s.user_id \
         WHERE s.id = ? AND s.expires_at > ? AND u.deleted_at IS NULL"
    ))
    .bind(id)
    .bind(now)
}

pub(crate) fn select_all(user: &UserId, now: Timestamp) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        session_columns!(),
        " FROM usermgmt_sessions s WHERE s.user_id = ? AND s.expires_at > ? \
         ORDER BY s.last_seen_at DESC, s.id DESC"
    ))
    .bind(user)
    .bind(now)
}

pub(crate) fn insert(session: &Session) -> Step<'_> {
    statement(
        "INSERT INTO usermgmt_sessions (id, user_id, generation, rotated_at, created_at, \
         last_seen_at, expires_at, max_expires_at, auth_time, amr, ip, user_agent, \
         received, received_at, replayed, replays) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.id)
    .bind(&session.user_id)
    .bind(session.generation)
    .bind(session.rotated_at)
    .bind(session.created_at)
    .bind(session.last_seen_at)
    .bind(session.expires_at)
    .bind(session.max_expires_at)
    .bind(session.auth_time)
    .bind(json(&session.amr))
    .bind(session.ip.map(|ip| ip.to_string()))
    .bind(session.user_agent.as_deref())
    .bind(session.received)
    .bind(session.received_at)
    .bind(session.replayed)
    .bind(session.replays)
    .new_key(Guard::Exists)
}

/// Ends what is too much beside the session that was added. The inner SELECT
/// is a table of its own because MySQL takes no LIMIT in a subquery.
pub(crate) fn evict(added: &Session) -> Step<'_> {
    statement(
        "DELETE FROM usermgmt_sessions WHERE user_id = ? AND id IN (SELECT surplus.id FROM \
         (SELECT s.id FROM usermgmt_sessions s WHERE s.user_id = ? AND s.id <> ? \
         ORDER BY s.last_seen_at DESC, s.id DESC LIMIT 1000000 OFFSET ?) AS surplus)",
    )
    .bind(&added.user_id)
    .bind(&added.user_id)
    .bind(added.id)
    .bind(limit(MAX_SESSIONS - 1))
    .anything()
}

pub(crate) fn rotate<'a>(
    id: SessionId,
    generation: i64,
    to: i64,
    now: Timestamp,
    expires_at: Timestamp,
    ip: Option<&IpAddr>,
    user_agent: Option<&'a str>,
) -> Step<'a> {
    statement(
        "UPDATE usermgmt_sessions SET generation = ?, rotated_at = COALESCE(?, rotated_at), \
         last_seen_at = ?, expires_at = ?, ip = COALESCE(?, ip), user_agent = COALESCE(?, user_agent) \
         WHERE id = ? AND generation = ? AND expires_at > ?",
    )
    .bind(to)
    .bind((to != generation).then_some(now))
    .bind(now)
    .bind(expires_at)
    .bind(ip.map(IpAddr::to_string))
    .bind(user_agent)
    .bind(id)
    .bind(generation)
    .bind(now)
    .one_row(Guard::Session)
}

pub(crate) fn receive(id: SessionId, generation: i64, now: Timestamp) -> Step<'static> {
    statement(
        "UPDATE usermgmt_sessions SET received = ?, received_at = ? \
         WHERE id = ? AND generation = ? AND (received IS NULL OR received < ?) AND expires_at > ?",
    )
    .bind(generation)
    .bind(now)
    .bind(id)
    .bind(generation)
    .bind(generation)
    .bind(now)
    .one_row(Guard::Session)
}

pub(crate) fn replay(
    id: SessionId,
    generation: i64,
    replayed: i64,
    replays: i64,
    now: Timestamp,
) -> Step<'static> {
    statement(
        "UPDATE usermgmt_sessions SET replayed = ?, replays = ? \
         WHERE id = ? AND generation = ? AND (replayed IS NULL OR replayed < ?) AND expires_at > ?",
    )
    .bind(replayed)
    .bind(replays)
    .bind(id)
    .bind(generation)
    .bind(replayed)
    .bind(now)
    .one_row(Guard::Session)
}

pub(crate) fn end(id: SessionId, user_id: &UserId, generation: Option<i64>) -> Step<'_> {
    let end = |sql| statement(sql).bind(id).bind(user_id);
    match generation {
        None => end("DELETE FROM usermgmt_sessions WHERE id = ? AND user_id = ?"),
        Some(generation) => {
            end("DELETE FROM usermgmt_sessions WHERE id = ? AND user_id = ? AND generation = ?")
                .bind(generation)
        }
    }
    .one_row(Guard::Session)
}

pub(crate) fn end_all(user_id: &UserId, except: Option<SessionId>) -> Step<'_> {
    match except {
        None => statement("DELETE FROM usermgmt_sessions WHERE user_id = ?").bind(user_id),
        Some(except) => statement("DELETE FROM usermgmt_sessions WHERE user_id = ? AND id <> ?")
            .bind(user_id)
            .bind(except),
    }
    .anything()
}

#[async_trait]
impl SessionStore for SqlStore {
    async fn session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.read_one(&select(id, now), |row| {
            let mut row = row.columns();
            Ok((session(&mut row)?, user(&mut row)?))
        })
        .await
    }

    async fn sessions(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.read_all(&select_all(user, now), |row| session(&mut row.columns())).await
    }
}
