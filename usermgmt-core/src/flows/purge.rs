//! Keeping house: what is over goes.

use std::collections::HashSet;

use crate::auth::{Auth, ServiceError};
use crate::causes::with_causes;
use crate::clock::Timestamp;
use crate::model::audit::{Actor, Origin};
use crate::model::ids::UserId;
use crate::model::user::User;

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
        let mut removed = self.expire(now).await?;
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

    /// Deletes accounts whose time to confirm is over. Says how many.
    async fn expire(&self, now: Timestamp) -> Result<u64, ServiceError> {
        let mut removed = 0;
        // Those who are still there after their turn: they come first each time.
        let mut stay: HashSet<UserId> = HashSet::new();
        loop {
            let asked = stay.len() + BATCH;
            let users = self.read(self.0.store.unconfirmed_users(now, asked)).await?;
            let found = users.len();
            for user in users {
                if stay.contains(&user.id) {
                    continue;
                }
                if self.expire_one(&user, now).await? {
                    removed += 1;
                } else {
                    stay.insert(user.id);
                }
            }
            if found < asked {
                return Ok(removed);
            }
        }
    }

    /// Deletes one of them. False: not now.
    async fn expire_one(&self, user: &User, now: Timestamp) -> Result<bool, ServiceError> {
        let mut list = self.deletion(user, now);
        let by = Origin::of(Actor::System);
        list.push(self.audit_from(&by, Some(&user.id), "user.expired", &[], now));
        match self.commit(list, now).await {
            // A guard that fails means that somebody else was here first.
            Ok(done) => Ok(done.is_ok()),
            // Who cannot go, or whom the host does not let go, holds nobody else up.
            Err(error @ (ServiceError::Refused(_) | ServiceError::Internal(_))) => {
                tracing::warn!(
                    user = %user.id,
                    error = %with_causes(&error),
                    "an account that expired stays"
                );
                Ok(false)
            }
            Err(other) => Err(other),
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
                    tracing::warn!(
                        error = %with_causes(&error),
                        "what was a deleted user's stays until the next purge"
                    );
                    return;
                }
            }
        }
    }
}
