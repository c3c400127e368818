//! Counters, outside the commit.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::ReturnDocument;
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::{Count, CounterStore, Hit, StoreError};

use crate::schema::COUNTERS;
use crate::store::MongoStore;
use crate::value::{date, time};

#[derive(Deserialize)]
struct CounterRow {
    hits: i64,
    resets_at: DateTime,
}

impl MongoStore {
    /// One operation: the window is tested by the write that counts.
    async fn hit_one(&self, hit: &Hit, now: Timestamp) -> Result<Count, StoreError> {
        let open = doc! { "$gt": ["$resets_at", date(now)] };
        let ends = date(now + hit.window);
        let update = vec![doc! { "$set": {
            "hits": { "$cond": [&open, { "$add": ["$hits", 1_i64] }, 1_i64] },
            "resets_at": { "$cond": [&open, "$resets_at", ends] },
        } }];
        let counters = self.collection::<CounterRow>(COUNTERS);
        let count = self.ask(|| {
            counters
                .find_one_and_update(doc! { "_id": &hit.key }, update.clone())
                .upsert(true)
                .return_document(ReturnDocument::After)
        });
        let row = count
            .await?
            .ok_or_else(|| StoreError::Failed("a counter was not written".to_owned()))?;
        Ok(Count { count: row.hits, resets_at: time(row.resets_at) })
    }
}

#[async_trait]
impl CounterStore for MongoStore {
    async fn hit(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Count>, StoreError> {
        try_join_all(hits.iter().map(|hit| self.hit_one(hit, now))).await
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
