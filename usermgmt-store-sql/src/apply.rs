//! The one write.

use std::time::Duration;

use tokio::time::timeout;
use usermgmt_core::store::{Changes, StoreError};

use crate::backoff::Backoff;
use crate::fault::{Fault, fault, store_error};
use crate::guard::Stopped;
use crate::plan::{Plan, Ran};
use crate::store::SqlStore;

/// How long a database that does not answer is asked whether a list was applied:
/// less than the core waits for the store.
const ASKING: Duration = Duration::from_secs(8);

/// Why a list is not known to be applied.
enum Unapplied {
    /// It is not, or nobody can tell.
    Told(StoreError),
    /// The answer to its COMMIT was lost.
    InDoubt(sqlx::Error),
}

impl SqlStore {
    pub(crate) async fn apply_list(&self, changes: &Changes) -> Result<(), StoreError> {
        let plan = Plan::new(changes, self.dialect(), self.hook());
        match self.until_known(&plan, false).await {
            Ok(()) => Ok(()),
            Err(Unapplied::Told(error)) => Err(error),
            // A COMMIT whose reply is lost may have happened: the commit id tells,
            // as soon as the database answers again.
            Err(Unapplied::InDoubt(lost)) => {
                match timeout(ASKING, self.until_known(&plan, true)).await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(Unapplied::Told(error))) => Err(error),
                    Ok(Err(Unapplied::InDoubt(_))) | Err(_) => Err(store_error(lost)),
                }
            }
        }
    }

    /// Replays the list as long as the database takes it back, and while it is in
    /// doubt as long as the database does not answer.
    async fn until_known(&self, plan: &Plan<'_>, in_doubt: bool) -> Result<(), Unapplied> {
        let mut backoff = Backoff::default();
        loop {
            let (error, is_commit) = match self.attempt(plan).await {
                Ok(()) => return Ok(()),
                Err(Stopped::Guard(guard)) => {
                    return Err(Unapplied::Told(StoreError::Conflict(guard)));
                }
                Err(Stopped::Refused(why)) => {
                    return Err(Unapplied::Told(StoreError::Refused(why)));
                }
                Err(Stopped::Statement(error)) => (error, false),
                Err(Stopped::Commit(error)) => (error, true),
            };
            let again = match fault(&error) {
                Fault::RolledBack => true,
                Fault::Unavailable if in_doubt => true,
                Fault::Unavailable if is_commit && plan.commit.is_some() => {
                    return Err(Unapplied::InDoubt(error));
                }
                Fault::Unavailable | Fault::Duplicate | Fault::Other => false,
            };
            if !(again && backoff.retry().await) {
                return Err(Unapplied::Told(store_error(error)));
            }
        }
    }

    async fn attempt(&self, plan: &Plan<'_>) -> Result<(), Stopped> {
        match (plan.commit, plan.steps.as_slice()) {
            (None, []) => Ok(()),
            (None, [step]) => step.judge(self.pool().execute(&step.statement).await),
            _ => self.transaction(plan).await,
        }
    }

    async fn transaction(&self, plan: &Plan<'_>) -> Result<(), Stopped> {
        let mut tx = self.pool().begin().await.map_err(Stopped::Statement)?;
        let ran = plan.run(&mut tx.conn()).await;
        match ran {
            Ok(Ran::Written) => tx.commit().await.map_err(Stopped::Commit),
            // A failed guard is to leave no lock behind.
            Ok(Ran::Found) => tx.roll_back().await.or(Ok(())),
            Err(Stopped::Statement(error)) => {
                Err(Stopped::Statement(tx.roll_back_after(error).await))
            }
            Err(stopped) => {
                tx.roll_back().await.map_err(Stopped::Statement)?;
                Err(stopped)
            }
        }
    }
}
