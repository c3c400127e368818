//! The audit log.

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::{Actor, AuditEntry, Origin};
use usermgmt_core::model::ids::{AuditId, UserId};
use usermgmt_core::store::{AuditStore, StoreError};

use crate::collections::AUDIT;
use crate::guard::Step;
use crate::store::MongoStore;
use crate::value::{date, document, time, unreadable};

#[derive(Serialize, Deserialize)]
pub(super) struct AuditRow {
    #[serde(rename = "_id")]
    id: AuditId,
    at: DateTime,
    user_id: Option<UserId>,
    action: String,
    detail: Vec<String>,
    /// Not in entries of the first version.
    #[serde(default)]
    actor: Actor,
    actor_id: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl AuditRow {
    pub(super) fn into_entry(self) -> Result<AuditEntry, StoreError> {
        let ip = self.ip.map(|ip| ip.parse()).transpose();
        Ok(AuditEntry {
            id: self.id,
            at: time(self.at),
            user_id: self.user_id,
            action: self.action,
            detail: self.detail,
            origin: Origin {
                actor: self.actor,
                actor_id: self.actor_id,
                ip: ip.map_err(|_| unreadable("an audit entry's address"))?,
                user_agent: self.user_agent,
                request_id: self.request_id,
            },
        })
    }
}

pub(crate) fn insert(entry: &AuditEntry) -> Result<Step, StoreError> {
    let row = AuditRow {
        id: entry.id.clone(),
        at: date(entry.at),
        user_id: entry.user_id.clone(),
        action: entry.action.clone(),
        detail: entry.detail.clone(),
        actor: entry.origin.actor,
        actor_id: entry.origin.actor_id.clone(),
        ip: entry.origin.ip.map(|ip| ip.to_string()),
        user_agent: entry.origin.user_agent.clone(),
        request_id: entry.origin.request_id.clone(),
    };
    Ok(Step::insert(AUDIT, document(&row)?))
}

#[async_trait]
impl AuditStore for MongoStore {
    async fn audit(
        &self,
        user: &UserId,
        after: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let after = after.map_or("", AuditId::as_str);
        let filter = doc! { "user_id": user.as_str(), "_id": { "$gt": after } };
        let rows: Vec<AuditRow> = self.find(AUDIT, filter, doc! { "_id": 1 }, limit).await?;
        rows.into_iter().map(AuditRow::into_entry).collect()
    }

    async fn purge_audit(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let old = doc! { "at": { "$lt": date(before) } };
        let found = self.find_ids(AUDIT, old, doc! {}, limit).await?;
        if found.is_empty() {
            return Ok(0);
        }
        let gone = doc! { "_id": { "$in": found } };
        let audit = self.collection::<Document>(AUDIT);
        Ok(self.ask(|| audit.delete_many(gone.clone())).await?.deleted_count)
    }
}
