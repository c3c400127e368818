//! Keeping house: what is over goes.

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::audit::{Actor, Origin};

/// How many rows one step touches, so that no statement holds locks for long.
const BATCH: usize = 500;

impl Auth {
    /// Deletes accounts whose time to confirm is over, and then everything that
    /// has expired. [`Auth::run`] does so every five minutes; it may be interrupted and run by
    /// several replicas at once. Says how many rows went.
    ///
    /// # Errors
    /// [`ServiceError`] where the store did not answer.
    pub async fn purge(&self) -> Result<u64, ServiceError> {
        self.upkeep_begins();
        let now = self.now();
        let mut removed = 0;
        loop {
            let users = self.read(self.0.store.unconfirmed_users(now, BATCH)).await?;
            let (found, removed_before) = (users.len(), removed);
            for user in users {
                let mut list = self.deletion(&user, now);
                let by = Origin::of(Actor::System);
                list.push(self.audit_from(&by, Some(&user.id), "user.expired", &[], now));
                match self.commit(list, now).await {
                    // A guard that fails means that somebody else was here first.
                    Ok(done) => removed += u64::from(done.is_ok()),
                    // Whom the host does not let go holds nobody else up.
                    Err(ServiceError::Refused(error)) => {
                        tracing::warn!(user = %user.id, %error, "an account that expired stays");
                    }
                    Err(other) => return Err(other),
                }
            }
            if found < BATCH || removed == removed_before {
                break;
            }
        }
        loop {
            match self.read(self.0.store.purge(now, BATCH)).await? {
                0 => break,
                rows => removed += rows,
            }
        }
        let before = now - self.0.config.audit_ttl;
        loop {
            match self.read(self.0.store.purge_audit(before, BATCH)).await? {
                0 => return Ok(removed),
                rows => removed += rows,
            }
        }
    }

    /// Removes what belonged to deleted users at once instead of at the next
    /// purge. They are deleted already, so a failure only means later.
    pub(crate) async fn purge_deleted(&self, now: Timestamp) {
        // Bounded: there may be more that is over than this request can wait for.
        for _ in 0..10 {
            match self.read_store(self.0.store.purge(now, BATCH)).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "what was a deleted user's stays until the next purge");
                    return;
                }
            }
        }
    }
}
