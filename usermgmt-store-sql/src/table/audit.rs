//! The audit log.

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::{Actor, AuditEntry, Origin};
use usermgmt_core::model::ids::{AuditId, UserId};
use usermgmt_core::store::directory::{AuditFilter, AuditPosition, DAY, Paged};
use usermgmt_core::store::{AuditStore, Guard, StoreError};

use crate::dialect::{Dialect, Locked};
use crate::guard::Step;
use crate::row::Row;
use crate::sql::{Statement, json, limit, statement};
use crate::store::SqlStore;

/// An entry's columns, in the order in which [`entry`] reads them.
macro_rules! entry_columns {
    () => {
        "id, at, user_id, action, detail, actor, actor_id, ip, user_agent, request_id"
    };
}

pub(super) fn entry(row: &Row) -> Result<AuditEntry, StoreError> {
    let mut row = row.columns();
    Ok(AuditEntry {
        id: row.parsed()?,
        at: row.time()?,
        user_id: row.opt_parsed()?,
        action: row.text()?,
        detail: row.json()?,
        origin: Origin {
            actor: row.named(Actor::from_name)?,
            actor_id: row.opt_text()?,
            ip: row.opt_parsed()?,
            user_agent: row.opt_text()?,
            request_id: row.opt_text()?,
        },
    })
}

pub(crate) fn select_page<'a>(
    user: &'a UserId,
    after: Option<&'a AuditId>,
    rows: usize,
) -> Statement<'a> {
    statement(concat!(
        "SELECT ",
        entry_columns!(),
        " FROM usermgmt_audit WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?"
    ))
    .bind(user)
    .bind(after.map_or("", AuditId::as_str))
    .bind(limit(rows))
}

/// A page of the entries that the filter admits, the latest first.
pub(crate) fn select_filtered<'a>(
    dialect: Dialect,
    filter: &'a AuditFilter,
    paged: &'a Paged<AuditPosition>,
) -> Statement<'a> {
    let index = match filter {
        AuditFilter { user: Some(_), .. } => "usermgmt_audit_by_user",
        AuditFilter { actor: Some(_), .. } => "usermgmt_audit_by_actor",
        AuditFilter { action: Some(_), .. } => "usermgmt_audit_by_action",
        _ => "usermgmt_audit_by_time",
    };
    let mut select = statement(concat!("SELECT ", entry_columns!(), " FROM usermgmt_audit"))
        .and(dialect.by_index(index))
        .and(" WHERE 1 = 1");
    let AuditFilter { user, actor, action, from, to } = filter;
    if let Some(user) = user {
        select = select.and(" AND user_id = ?").bind(user);
    }
    if let Some(actor) = actor {
        select = select.and(" AND actor_id = ?").bind(actor.as_str());
    }
    if let Some(action) = action {
        select = select.and(" AND action = ?").bind(action.as_str());
    }
    let backward = paged.is_backward();
    // One bound of each kind: of two, a database may read from the wrong one.
    let from_seek = paged.seek.as_ref().map(|seek| seek.backward);
    if let Some(from) = from.filter(|_| from_seek != Some(true)) {
        select = select.and(" AND at >= ?").bind(from);
    }
    if let Some(to) = to.filter(|_| from_seek != Some(false)) {
        select = select.and(" AND at < ?").bind(to);
    }
    if let Some(seek) = &paged.seek {
        select = dialect.beyond(
            select.and(" AND "),
            ("at", seek.at.at.into()),
            ("id", (&seek.at.id).into()),
            backward,
            seek.inclusive,
        );
    }
    let way = if backward { "" } else { " DESC" };
    select.and(format!(" ORDER BY at{way}, id{way} LIMIT ?")).bind(limit(paged.to_read()))
}

/// How many entries of this action there are of each day since.
pub(crate) fn count_by_day(action: &str, since: Timestamp) -> Statement<'_> {
    statement(format!(
        "SELECT at - at % {day}, COUNT(*) FROM usermgmt_audit WHERE action = ? AND at >= ? \
         GROUP BY at - at % {day}",
        day = DAY.as_millis()
    ))
    .bind(action)
    .bind(since)
}

/// Clears where the user was from at most so many entries of what they did
/// themselves.
pub(crate) fn clear_own(user: &UserId, rows: usize) -> Statement<'_> {
    clear("user_id = ? AND actor = 'user' AND actor_id IS NULL", user, rows)
}

/// The same of what they did to others, or to themselves by name.
pub(crate) fn clear_by(user: &UserId, rows: usize) -> Statement<'_> {
    clear("actor_id = ?", user, rows)
}

/// The inner SELECT is a table of its own because MySQL takes no LIMIT in a
/// subquery.
fn clear<'a>(of: &str, user: &'a UserId, rows: usize) -> Statement<'a> {
    statement(format!(
        "UPDATE usermgmt_audit SET ip = NULL, user_agent = NULL WHERE {of} AND id IN \
         (SELECT found.id FROM (SELECT id FROM usermgmt_audit WHERE {of} \
         AND (ip IS NOT NULL OR user_agent IS NOT NULL) LIMIT ?) AS found)"
    ))
    .bind(user)
    .bind(user)
    .bind(limit(rows))
}

pub(crate) fn insert(entry: &AuditEntry) -> Step<'_> {
    let origin = &entry.origin;
    statement(concat!(
        "INSERT INTO usermgmt_audit (",
        entry_columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))
    .bind(&entry.id)
    .bind(entry.at)
    .bind(entry.user_id.as_ref())
    .bind(entry.action.as_str())
    .bind(json(&entry.detail))
    .bind(origin.actor.as_str())
    .bind(origin.actor_id.as_deref())
    .bind(origin.ip.map(|ip| ip.to_string()))
    .bind(origin.user_agent.as_deref())
    .bind(origin.request_id.as_deref())
    .new_key(Guard::Exists)
}

#[async_trait]
impl AuditStore for SqlStore {
    async fn audit(
        &self,
        user: &UserId,
        after: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.read_all(&select_page(user, after, limit), entry).await
    }

    async fn purge_audit(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let table = "usermgmt_audit";
        let dialect = self.dialect();
        let delete = dialect.delete_some(table, "id", "at < ?", before, limit, Locked::Skip);
        self.write(&delete).await
    }
}
