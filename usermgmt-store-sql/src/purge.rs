//! Deleting what is over, a batch at a time.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::{COMMIT_ID_LIFE, DEVICE_LIFE, EXPIRED_TOKEN_LIFE, StoreError};

use crate::dialect::Locked;
use crate::sql::{Statement, Value};
use crate::store::SqlStore;
use crate::table::{audit, users};

/// The tables that hold what is a user's, and their keys. The audit log keeps
/// its rows, without where the user was: their id leads to nobody any more.
pub(crate) const OF_A_USER: [(&str, &str); 9] = [
    ("usermgmt_identifiers", "kind, canonical"),
    ("usermgmt_tokens", "id"),
    ("usermgmt_sessions", "id"),
    ("usermgmt_totp", "user_id"),
    ("usermgmt_recovery_codes", "user_id, hash"),
    ("usermgmt_identities", "issuer, subject"),
    ("usermgmt_passkeys", "id"),
    ("usermgmt_devices", "user_id, device"),
    ("usermgmt_outbox", "id"),
];

/// The tables whose rows end by themselves: the key, what is true of a row that
/// is over, and the time that it is compared with.
pub(crate) fn over(now: Timestamp) -> [(&'static str, &'static str, &'static str, Timestamp); 6] {
    [
        ("usermgmt_sessions", "id", "expires_at <= ?", now),
        ("usermgmt_counters", "name", "resets_at <= ?", now),
        ("usermgmt_identifiers", "kind, canonical", "held_until <= ?", now),
        ("usermgmt_commits", "id", "at <= ?", now - COMMIT_ID_LIFE),
        ("usermgmt_tokens", "id", "expires_at <= ?", now - EXPIRED_TOKEN_LIFE),
        ("usermgmt_devices", "user_id, device", "used_at <= ?", now - DEVICE_LIFE),
    ]
}

/// A number of rows to go.
struct Batch<'s> {
    store: &'s SqlStore,
    left: usize,
    deleted: u64,
}

impl SqlStore {
    pub(crate) async fn purge_some(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let mut batch = Batch { store: self, left: limit, deleted: 0 };
        for (table, key, condition, time) in over(now) {
            batch.delete(table, key, condition, time, Locked::Skip).await?;
        }
        batch.delete_users().await?;
        batch.catch_up().await?;
        Ok(batch.deleted)
    }
}

impl Batch<'_> {
    async fn delete<'a>(
        &mut self,
        table: &str,
        key: &str,
        condition: &str,
        value: impl Into<Value<'a>>,
        locked: Locked,
    ) -> Result<(), StoreError> {
        if self.left == 0 {
            return Ok(());
        }
        let delete =
            self.store.dialect().delete_some(table, key, condition, value, self.left, locked);
        let deleted = self.store.write(&delete).await?;
        self.wrote(deleted);
        Ok(())
    }

    /// Deleted users: what was theirs, then they themselves.
    async fn delete_users(&mut self) -> Result<(), StoreError> {
        #[cfg(feature = "sqlite")]
        let before = self.deleted;
        let mut stuck = 0;
        loop {
            let asked = self.left;
            let deleted: Vec<UserId> = self
                .store
                .read_all(&users::select_deleted(asked, stuck), |row| row.columns().parsed())
                .await?;
            let stuck_before = stuck;
            for id in &deleted {
                match self.delete_user(id).await {
                    // A row of the host refers to the user: nobody else waits for it.
                    Err(StoreError::Failed(error)) => {
                        tracing::warn!(%id, %error, "a deleted user was not purged");
                        stuck += 1;
                    }
                    done => done?,
                }
            }
            if deleted.len() < asked || stuck == stuck_before || self.left == 0 {
                break;
            }
        }
        #[cfg(feature = "sqlite")]
        if self.deleted > before {
            self.store.empty_log().await;
        }
        Ok(())
    }

    /// Fills in what another version did not write with its users.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        if self.left == 0 {
            return Ok(());
        }
        let store = self.store;
        let behind = store.read(&users::select_behind(self.left)).await?;
        if behind.is_empty() {
            return Ok(());
        }
        let updates: Vec<Statement<'_>> =
            behind.iter().map(users::catch_up).collect::<Result<_, _>>()?;
        self.wrote(
            store
                .retrying(async || {
                    let mut tx = store.pool().begin().await?;
                    let mut written = 0;
                    let work = async {
                        for update in &updates {
                            written += tx.conn().execute(update).await?;
                        }
                        Ok(written)
                    };
                    let work = work.await;
                    tx.end_with(work).await
                })
                .await?,
        );
        Ok(())
    }

    fn wrote(&mut self, rows: u64) {
        self.deleted += rows;
        self.left = self.left.saturating_sub(usize::try_from(rows).unwrap_or(usize::MAX));
    }

    /// Clears where the user was from the audit log.
    async fn clear_traces(&mut self, id: &UserId) -> Result<(), StoreError> {
        for clear in [audit::clear_own, audit::clear_by] {
            if self.left > 0 {
                let cleared = self.store.write(&clear(id, self.left)).await?;
                self.wrote(cleared);
            }
        }
        Ok(())
    }

    async fn delete_user(&mut self, id: &UserId) -> Result<(), StoreError> {
        for (table, key) in OF_A_USER {
            self.delete(table, key, "user_id = ?", id, Locked::Wait).await?;
        }
        self.clear_traces(id).await?;
        // The tombstone goes last: it is what the rest is found by. Where
        // no row is left of the batch, the rest may not be gone yet; nor
        // where somebody else who deletes it was passed over and gives up.
        self.delete("usermgmt_users", "id", "id = ?", id, Locked::Wait).await
    }
}
