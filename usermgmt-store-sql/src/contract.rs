//! What every store does, beside what the tables do.

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::{Changes, Connections, Store, StoreError};

use crate::dialect::READ_ONLY;
use crate::migrate;
use crate::sql::statement;
use crate::store::SqlStore;

#[async_trait]
impl Store for SqlStore {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.apply_list(changes).await
    }

    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.purge_some(now, limit).await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some(now) = self.dialect().now() else {
            return Ok(None);
        };
        self.read_one(&statement(now), |row| row.columns().time()).await
    }

    fn connections(&self) -> Option<Connections> {
        Some(self.pool().connections())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let known = migrate::known(self.dialect());
        let found = self.read_one(&migrate::select_version(), |row| row.columns().int()).await?;
        if !found.is_some_and(|found| migrate::works_with(known, found)) {
            return Err(StoreError::Failed(format!(
                "the database's schema is version {}, this program knows version {known}",
                found.unwrap_or_default()
            )));
        }
        if let Some(may_write) = self.dialect().may_write() {
            let answer = self.read_one(&statement(may_write), |row| row.columns().int()).await?;
            if answer != Some(1) {
                return Err(StoreError::unavailable(READ_ONLY));
            }
        }
        self.test_write().await
    }
}
