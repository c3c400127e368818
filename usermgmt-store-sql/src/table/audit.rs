//! The audit log.

use async_trait::async_trait;
use usermgmt_core::model::audit::{Actor, AuditEntry, Origin};
use usermgmt_core::model::ids::{AuditId, UserId};
use usermgmt_core::store::directory::{AuditFilter, AuditPosition, Paged};
use usermgmt_core::store::{AuditStore, Guard, StoreError};

use crate::dialect::Dialect;
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
    let mut select =
        statement(concat!("SELECT ", entry_columns!(), " FROM usermgmt_audit WHERE 1 = 1"));
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
    if let Some(from) = from {
        select = select.and(" AND at >= ?").bind(*from);
    }
    if let Some(to) = to {
        select = select.and(" AND at < ?").bind(*to);
    }
    let backward = paged.is_backward();
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
}
