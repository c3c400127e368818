//! The one write.

use std::time::Duration;

use tokio::time::timeout;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::CommitId;
use usermgmt_core::store::{Changes, Guard, StoreError};

use crate::conn::Conn;
use crate::fault::{Fault, fault, store_error};
use crate::sql::statement;
use crate::step::{Expect, Step, steps};
use crate::store::SqlStore;
use crate::tries::Tries;

/// How long a database that does not answer is asked whether a list was applied:
/// less than the core waits for the store.
const ASKING: Duration = Duration::from_secs(8);

/// A list of changes as statements.
pub(crate) struct Plan<'a> {
    /// Only a list of several leaves its id: a single change is not replayed.
    commit: Option<(CommitId, Timestamp)>,
    steps: Vec<Step<'a>>,
}

/// What became of a plan that ran to its end.
pub(crate) enum Ran {
    /// Its statements wrote; the commit is to come.
    Written,
    /// Its commit id was there: it had been applied before.
    Found,
}

/// Why a plan did not run to its end.
pub(crate) enum Stopped {
    /// A guard failed.
    Guard(Guard),
    /// A statement failed; nothing can have been committed.
    Statement(sqlx::Error),
    /// COMMIT failed; where its reply was lost, it may have happened.
    Commit(sqlx::Error),
}

/// Why a list is not known to be applied.
enum Unapplied {
    /// It is not, or nobody can tell.
    Told(StoreError),
    /// The answer to its COMMIT was lost.
    InDoubt(sqlx::Error),
}

impl<'a> Plan<'a> {
    pub(crate) fn new(changes: &'a Changes, dialect: crate::dialect::Dialect) -> Self {
        let several = changes.list().len() > 1;
        Self {
            commit: several.then(|| (changes.commit_id(), changes.at())),
            steps: changes.list().iter().flat_map(|change| steps(change, dialect)).collect(),
        }
    }

    /// Runs it inside a transaction that the caller ends.
    pub(crate) async fn run(&self, conn: &mut Conn<'_>) -> Result<Ran, Stopped> {
        if let Some((id, at)) = self.commit {
            let insert =
                statement("INSERT INTO usermgmt_commits (id, at) VALUES (?, ?)").bind(id).bind(at);
            match conn.execute(&insert).await {
                Err(error) if fault(&error) == Fault::Duplicate => return Ok(Ran::Found),
                written => written.map_err(Stopped::Statement)?,
            };
        }
        for step in &self.steps {
            step.judge(conn.execute(&step.statement).await)?;
        }
        Ok(Ran::Written)
    }
}

impl Step<'_> {
    /// Whether the guard held.
    fn judge(&self, written: Result<u64, sqlx::Error>) -> Result<(), Stopped> {
        match (self.expect, written) {
            (Expect::OneRow(guard), Ok(rows)) if rows != 1 => Err(Stopped::Guard(guard)),
            (Expect::NewKey(guard), Err(error)) if fault(&error) == Fault::Duplicate => {
                Err(Stopped::Guard(guard))
            }
            (_, written) => written.map(drop).map_err(Stopped::Statement),
        }
    }
}

impl SqlStore {
    pub(crate) async fn apply_list(&self, changes: &Changes) -> Result<(), StoreError> {
        let plan = Plan::new(changes, self.dialect());
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
        let mut tries = Tries::default();
        loop {
            let (error, is_commit) = match self.attempt(plan).await {
                Ok(()) => return Ok(()),
                Err(Stopped::Guard(guard)) => {
                    return Err(Unapplied::Told(StoreError::Conflict(guard)));
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
            if !(again && tries.another().await) {
                return Err(Unapplied::Told(store_error(error)));
            }
        }
    }

    async fn attempt(&self, plan: &Plan<'_>) -> Result<(), Stopped> {
        match (plan.commit, plan.steps.as_slice()) {
            (None, []) => Ok(()),
            (None, [step]) => step.judge(self.pool().write(&step.statement).await),
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
