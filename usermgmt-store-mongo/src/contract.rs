//! What every store does, beside what the collections do.

use async_trait::async_trait;
use mongodb::bson::{DateTime, deserialize_from_document};
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::{Changes, Connections, Store, StoreError};

use crate::hello::require_primary;
use crate::schema;
use crate::store::MongoStore;
use crate::value::{time, unreadable};

/// What a server says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hello {
    local_time: DateTime,
}

#[async_trait]
impl Store for MongoStore {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.apply_list(changes).await
    }

    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.purge_some(now, limit).await
    }

    /// The primary's clock.
    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        let hello: Hello = deserialize_from_document(self.hello().await?)
            .map_err(|_| unreadable("the server's time"))?;
        Ok(Some(time(hello.local_time)))
    }

    fn connections(&self) -> Option<Connections> {
        Some(self.pool().connections())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        require_primary(&self.hello().await?)?;
        match schema::version(self).await? {
            Some(found) if schema::works_with(found) => self.test_write().await,
            found => Err(StoreError::Failed(format!(
                "the database's schema is version {}, this program knows version {}",
                found.unwrap_or_default(),
                schema::VERSION
            ))),
        }
    }
}
