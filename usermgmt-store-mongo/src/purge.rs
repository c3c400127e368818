//! Deleting what is over, a batch at a time.

use mongodb::bson::{Bson, Document, doc};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::{COMMIT_ID_LIFE, DEVICE_LIFE, EXPIRED_TOKEN_LIFE, StoreError};

use crate::collections::{
    AUDIT, COMMITS, COUNTERS, DEVICES, IDENTIFIERS, IDENTITIES, OUTBOX, PASSKEYS, SESSIONS, TOKENS,
    USERS,
};
use crate::store::MongoStore;
use crate::table::facets;
use crate::value::{date, present};

/// The collections that hold what is a user's, and the field that says whose;
/// second factors are in the user's own document.
/// The audit log keeps its entries, without where the user was: their id leads
/// to nobody any more.
const OF_A_USER: [(&str, &str); 7] = [
    (IDENTIFIERS, "user_id"),
    (TOKENS, "user_id"),
    (SESSIONS, "user_id"),
    (IDENTITIES, "user_id"),
    (PASSKEYS, "user_id"),
    (DEVICES, "_id.user_id"),
    (OUTBOX, "user_id"),
];

/// The condition that a field is there and is not null.
fn there() -> Document {
    doc! { "$ne": Bson::Null }
}

/// A number of documents to go.
struct Batch<'s> {
    store: &'s MongoStore,
    left: usize,
    deleted: u64,
}

impl MongoStore {
    pub(crate) async fn purge_some(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let mut batch = Batch { store: self, left: limit, deleted: 0 };
        for (collection, field, time) in [
            (SESSIONS, "expires_at", now),
            (COUNTERS, "resets_at", now),
            (IDENTIFIERS, "until", now),
            (COMMITS, "at", now - COMMIT_ID_LIFE),
            (TOKENS, "expires_at", now - EXPIRED_TOKEN_LIFE),
            (DEVICES, "used_at", now - DEVICE_LIFE),
        ] {
            batch.delete(collection, doc! { field: { "$lte": date(time) } }).await?;
        }
        batch.delete_users().await?;
        batch.catch_up().await?;
        Ok(batch.deleted)
    }
}

impl Batch<'_> {
    /// Deletes what the filter finds, and still finds when it is deleted: a
    /// session may have been used in between. Says whether that was all.
    async fn delete(&mut self, collection: &str, filter: Document) -> Result<bool, StoreError> {
        let found = self.store.find_ids(collection, filter.clone(), doc! {}, self.left).await?;
        let all = found.len() < self.left;
        if found.is_empty() {
            return Ok(all);
        }
        let filter = doc! { "$and": [filter, { "_id": { "$in": found } }] };
        let collection = self.store.collection::<Document>(collection);
        let deleted = self.store.ask(|| collection.delete_many(filter.clone())).await?;
        self.deleted += deleted.deleted_count;
        let deleted = usize::try_from(deleted.deleted_count).unwrap_or(usize::MAX);
        self.left = self.left.saturating_sub(deleted);
        Ok(all)
    }

    /// Clears where the user was from what they did. Says whether that was all.
    async fn clear_traces(&mut self, id: &Bson) -> Result<bool, StoreError> {
        let traced = || doc! { "$or": [{ "ip": there() }, { "user_agent": there() }] };
        let own = doc! { "user_id": id, "actor": "user", "actor_id": Bson::Null };
        let mut all = true;
        for of in [own, doc! { "actor_id": id }] {
            let filter = doc! { "$and": [of, traced()] };
            let found = self.store.find_ids(AUDIT, filter, doc! {}, self.left).await?;
            all &= found.len() < self.left;
            if found.is_empty() {
                continue;
            }
            let (found, clear) = (
                doc! { "_id": { "$in": found } },
                doc! { "$unset": { "ip": "", "user_agent": "" } },
            );
            let audit = self.store.collection::<Document>(AUDIT);
            let done = self.store.ask(|| audit.update_many(found.clone(), clear.clone())).await?;
            self.deleted += done.matched_count;
            let cleared = usize::try_from(done.matched_count).unwrap_or(usize::MAX);
            self.left = self.left.saturating_sub(cleared);
        }
        Ok(all)
    }

    /// Fills in what an earlier version did not write with its users.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        for id in self.store.find_ids(USERS, facets::behind(), doc! {}, self.left).await? {
            let done = self.store.catch_up(&id).await?;
            self.deleted += done;
            self.left = self.left.saturating_sub(1);
        }
        Ok(())
    }

    /// Deleted users: what was theirs, then they themselves.
    async fn delete_users(&mut self) -> Result<(), StoreError> {
        let filter = doc! { "deleted_at": present() };
        for id in self.store.find_ids(USERS, filter, doc! {}, self.left).await? {
            let mut all = true;
            for (collection, field) in OF_A_USER {
                all &= self.delete(collection, doc! { field: &id }).await?;
            }
            all &= self.clear_traces(&id).await?;
            // The tombstone goes last: it is what the rest is found by.
            if all {
                self.delete(USERS, doc! { "_id": &id }).await?;
            }
        }
        Ok(())
    }
}
