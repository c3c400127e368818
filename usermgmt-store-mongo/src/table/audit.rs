//! The audit log.

use async_trait::async_trait;
use mongodb::bson::{DateTime, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::model::audit::{AuditEntry, Origin};
use usermgmt_core::model::ids::{AuditId, UserId};
use usermgmt_core::store::{AuditStore, StoreError};

use crate::guard::Step;
use crate::schema::AUDIT;
use crate::store::MongoStore;
use crate::value::{date, document, time};

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
    origin: Origin,
}

impl AuditRow {
    pub(super) fn into_entry(self) -> AuditEntry {
        AuditEntry {
            id: self.id,
            at: time(self.at),
            user_id: self.user_id,
            action: self.action,
            detail: self.detail,
            origin: self.origin,
        }
    }
}

pub(crate) fn insert(entry: &AuditEntry) -> Result<Step, StoreError> {
    let row = AuditRow {
        id: entry.id.clone(),
        at: date(entry.at),
        user_id: entry.user_id.clone(),
        action: entry.action.clone(),
        detail: entry.detail.clone(),
        origin: entry.origin.clone(),
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
        Ok(rows.into_iter().map(AuditRow::into_entry).collect())
    }
}
