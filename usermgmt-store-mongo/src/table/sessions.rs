//! Sessions.

use std::net::IpAddr;

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{SessionId, UserId};
use usermgmt_core::model::session::{MAX_SESSIONS, Session};
use usermgmt_core::model::user::User;
use usermgmt_core::store::{Guard, SessionStore, StoreError};

use super::user_row::{UserRow, look_up, whole_as, without_secrets};
use crate::collections::{IS_USER, SESSIONS, USERS};
use crate::guard::Step;
use crate::store::MongoStore;
use crate::value::{binary, date, document, id_bytes, present, time, unreadable};

#[derive(Serialize, Deserialize)]
pub(crate) struct SessionRow {
    #[serde(rename = "_id")]
    id: Binary,
    user_id: UserId,
    generation: i64,
    rotated_at: Option<DateTime>,
    created_at: DateTime,
    last_seen_at: DateTime,
    expires_at: DateTime,
    max_expires_at: DateTime,
    auth_time: DateTime,
    amr: Vec<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    received: Option<i64>,
    received_at: Option<DateTime>,
    replayed: Option<i64>,
    /// Missing in rows that are older than replays.
    #[serde(default)]
    replays: i64,
}

impl SessionRow {
    fn new(session: &Session) -> Self {
        Self {
            id: key(session.id),
            user_id: session.user_id.clone(),
            generation: session.generation,
            rotated_at: session.rotated_at.map(date),
            created_at: date(session.created_at),
            last_seen_at: date(session.last_seen_at),
            expires_at: date(session.expires_at),
            max_expires_at: date(session.max_expires_at),
            auth_time: date(session.auth_time),
            amr: session.amr.clone(),
            ip: session.ip.map(|ip| ip.to_string()),
            user_agent: session.user_agent.clone(),
            received: session.received,
            received_at: session.received_at.map(date),
            replayed: session.replayed,
            replays: session.replays,
        }
    }

    pub(crate) fn into_session(self) -> Result<Session, StoreError> {
        let ip = self.ip.map(|ip| ip.parse()).transpose();
        Ok(Session {
            id: SessionId::from_bytes(id_bytes(self.id)?),
            user_id: self.user_id,
            generation: self.generation,
            rotated_at: self.rotated_at.map(time),
            created_at: time(self.created_at),
            last_seen_at: time(self.last_seen_at),
            expires_at: time(self.expires_at),
            max_expires_at: time(self.max_expires_at),
            auth_time: time(self.auth_time),
            amr: self.amr,
            ip: ip.map_err(|_| unreadable("a session's address"))?,
            user_agent: self.user_agent,
            received: self.received,
            received_at: self.received_at.map(time),
            replayed: self.replayed,
            replays: self.replays,
        })
    }
}

#[derive(Deserialize)]
struct SessionWithUser {
    session: SessionRow,
    user: UserRow,
}

fn key(id: SessionId) -> Binary {
    binary(id.as_bytes())
}

fn last_used_first() -> Document {
    doc! { "last_seen_at": -1, "_id": -1 }
}

pub(crate) fn insert(session: &Session) -> Result<Step, StoreError> {
    Ok(Step::insert(SESSIONS, document(&SessionRow::new(session))?))
}

/// Ends what is too much beside the session that was added.
pub(crate) fn evict(added: &Session) -> Step {
    let others = doc! { "user_id": added.user_id.as_str(), "_id": { "$ne": key(added.id) } };
    let keep = u64::try_from(MAX_SESSIONS - 1).unwrap_or(u64::MAX);
    Step::delete_surplus(SESSIONS, others, last_used_first(), keep)
}

pub(crate) fn rotate(
    id: SessionId,
    (from, to): (i64, i64),
    now: Timestamp,
    expires_at: Timestamp,
    (ip, user_agent): (Option<IpAddr>, Option<&str>),
) -> Step {
    let filter = doc! {
        "_id": key(id),
        "generation": from,
        "expires_at": { "$gt": date(now) },
    };
    let mut set = doc! {
        "generation": to,
        "last_seen_at": date(now),
        "expires_at": date(expires_at),
    };
    if to != from {
        set.insert("rotated_at", date(now));
    }
    if let Some(ip) = ip {
        set.insert("ip", ip.to_string());
    }
    if let Some(user_agent) = user_agent {
        set.insert("user_agent", user_agent);
    }
    Step::update(SESSIONS, filter, doc! { "$set": set }).or(Guard::Session)
}

pub(crate) fn receive(id: SessionId, generation: i64, now: Timestamp) -> Step {
    let filter = doc! {
        "_id": key(id),
        "generation": generation,
        "received": { "$not": { "$gte": generation } },
        "expires_at": { "$gt": date(now) },
    };
    let set = doc! { "received": generation, "received_at": date(now) };
    Step::update(SESSIONS, filter, doc! { "$set": set }).or(Guard::Session)
}

pub(crate) fn replay(
    id: SessionId,
    generation: i64,
    (replayed, replays): (i64, i64),
    now: Timestamp,
) -> Step {
    let filter = doc! {
        "_id": key(id),
        "generation": generation,
        "replayed": { "$not": { "$gte": replayed } },
        "expires_at": { "$gt": date(now) },
    };
    let set = doc! { "replayed": replayed, "replays": replays };
    Step::update(SESSIONS, filter, doc! { "$set": set }).or(Guard::Session)
}

pub(crate) fn end(id: SessionId, user_id: &UserId, generation: Option<i64>) -> Step {
    let mut filter = doc! { "_id": key(id), "user_id": user_id.as_str() };
    if let Some(generation) = generation {
        filter.insert("generation", generation);
    }
    Step::delete(SESSIONS, filter).or(Guard::Session)
}

pub(crate) fn end_all(user_id: &UserId, except: Option<SessionId>) -> Step {
    let mut filter = doc! { "user_id": user_id.as_str() };
    if let Some(except) = except {
        filter.insert("_id", doc! { "$ne": key(except) });
    }
    Step::delete_all(SESSIONS, filter)
}

#[async_trait]
impl SessionStore for MongoStore {
    async fn session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError> {
        let pipeline = vec![
            doc! { "$match": { "_id": key(id), "expires_at": { "$gt": date(now) } } },
            whole_as("session"),
            look_up(USERS, "session.user_id", "user"),
            doc! { "$unwind": "$user" },
            doc! { "$match": { format!("user.{IS_USER}"): present() } },
            without_secrets("user"),
        ];
        let row: Option<SessionWithUser> = self.aggregate_one(SESSIONS, pipeline).await?;
        row.map(|row| Ok((row.session.into_session()?, row.user.into_user()))).transpose()
    }

    async fn sessions(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let filter = doc! { "user_id": user.as_str(), "expires_at": { "$gt": date(now) } };
        let rows: Vec<SessionRow> =
            self.find(SESSIONS, filter, last_used_first(), usize::MAX).await?;
        rows.into_iter().map(SessionRow::into_session).collect()
    }
}
