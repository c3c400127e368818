//! Counters, outside the commit.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::ReturnDocument;
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::{Count, CounterStore, Hit, StoreError};

use crate::collections::COUNTERS;
use crate::fault::{Fault, fault};
use crate::store::MongoStore;
use crate::value::{date, time};

#[derive(Deserialize)]
struct CounterRow {
    hits: i64,
    resets_at: DateTime,
}

impl MongoStore {
    async fn hit_one(&self, hit: &Hit, now: Timestamp) -> Result<Count, StoreError> {
        let ends = now + hit.window;
        loop {
            if let Some(count) = self.count_up(&hit.key, now, ends).await? {
                return Ok(count);
            }
            if self.begin_count(&hit.key, ends).await? {
                return Ok(Count { count: 1, resets_at: ends });
            }
            // Another attempt began the count in between, so it is there to count up.
        }
    }

    /// One operation: the window is tested by the write that counts. `None`
    /// where there is no counter.
    async fn count_up(
        &self,
        key: &str,
        now: Timestamp,
        ends: Timestamp,
    ) -> Result<Option<Count>, StoreError> {
        let open = doc! { "$gt": ["$resets_at", date(now)] };
        let update = vec![doc! { "$set": {
            "hits": { "$cond": [&open, { "$add": ["$hits", 1_i64] }, 1_i64] },
            "resets_at": { "$cond": [&open, "$resets_at", date(ends)] },
        } }];
        let counters = self.collection::<CounterRow>(COUNTERS);
        let row = self.ask(|| {
            counters
                .find_one_and_update(doc! { "_id": key }, update.clone())
                .return_document(ReturnDocument::After)
        });
        Ok(row.await?.map(|row| Count { count: row.hits, resets_at: time(row.resets_at) }))
    }

    /// Whether there was no counter.
    async fn begin_count(&self, key: &str, ends: Timestamp) -> Result<bool, StoreError> {
        let counters = self.collection::<Document>(COUNTERS);
        let first = doc! { "_id": key, "hits": 1_i64, "resets_at": date(ends) };
        self.ask(async || match counters.insert_one(&first).await {
            Err(error) if fault(&error) == Fault::Duplicate => Ok(false),
            inserted => inserted.map(|_| true),
        })
        .await
    }
}

#[async_trait]
impl CounterStore for MongoStore {
    async fn hit(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Count>, StoreError> {
        self.within_time(try_join_all(hits.iter().map(|hit| self.hit_one(hit, now)))).await
    }

    async fn give_back(&self, keys: &[String]) -> Result<(), StoreError> {
        let counters = self.collection::<Document>(COUNTERS);
        let counted = doc! { "_id": { "$in": keys }, "hits": { "$gt": 0 } };
        let less = doc! { "$inc": { "hits": -1_i64 } };
        self.ask(|| counters.update_many(counted.clone(), less.clone())).await.map(drop)
    }

    async fn clear_count(&self, key: &str) -> Result<(), StoreError> {
        let counters = self.collection::<Document>(COUNTERS);
        self.ask(|| counters.delete_one(doc! { "_id": key })).await.map(drop)
    }
}
