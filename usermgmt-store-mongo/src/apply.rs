//! The one write.

use mongodb::bson::{Binary, Document, doc};
use mongodb::error::{Error, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::ReadConcern;
use mongodb::{ClientSession, Collection};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::{Changes, StoreError};
use usermgmt_core::with_causes;

use crate::backoff::Backoff;
use crate::collections::COMMITS;
use crate::fault::{Fault, fault, store_error};
use crate::guard::{Step, Stopped};
use crate::queues;
use crate::step::steps;
use crate::store::MongoStore;
use crate::value::{binary, date};

/// A list of changes as operations.
struct Plan<'a> {
    user: Option<&'a UserId>,
    /// Only a list of several leaves its id: a single change is not replayed.
    commit: Option<(Binary, Timestamp)>,
    steps: Vec<Step>,
}

/// What became of a transaction's first write.
enum Begun {
    /// It wrote the commit id, where there is one.
    Fresh,
    /// The commit id was there.
    Found(Binary),
}

impl<'a> Plan<'a> {
    fn new(changes: &'a Changes) -> Result<Self, StoreError> {
        let several = changes.list().len() > 1;
        let mut plan = Self {
            user: queues::user(changes.list()),
            commit: several.then(|| (binary(changes.commit_id().as_bytes()), changes.at())),
            steps: Vec::new(),
        };
        for change in changes.list() {
            plan.steps.extend(steps(change)?);
        }
        Ok(plan)
    }
}

impl MongoStore {
    pub(crate) async fn apply_list(&self, changes: &Changes) -> Result<(), StoreError> {
        let plan = Plan::new(changes)?;
        if plan.steps.is_empty() {
            return Ok(());
        }
        self.within_time(self.carry_out(&plan)).await
    }

    async fn carry_out(&self, plan: &Plan<'_>) -> Result<(), StoreError> {
        let mut session = self.client().start_session().await.map_err(store_error)?;
        let mut backoff = Backoff::default();
        let mut turn = None;
        loop {
            let ran = match (&plan.commit, plan.steps.as_slice()) {
                (None, [step]) if step.is_one_document() => self.alone(step, &mut session).await,
                _ => self.transaction(plan, &mut session).await,
            };
            match ran {
                Ok(()) => return Ok(()),
                Err(Stopped::Guard(guard)) => return Err(StoreError::Conflict(guard)),
                Err(Stopped::Failed(error)) => return Err(store_error(error)),
                Err(Stopped::Undone) => match (plan.user, &turn) {
                    (Some(user), None) => turn = Some(self.queues().turn(user).await),
                    // Lists of other processes, or new ones, are in the way.
                    _ => backoff.wait().await,
                },
            }
        }
    }

    /// One operation, which commits by itself. Where its reply is lost, the
    /// driver sends it once more under the same number, and the server makes it
    /// once; beyond that it is not replayed.
    async fn alone(&self, step: &Step, session: &mut ClientSession) -> Result<(), Stopped> {
        match step.run(self.database(), session).await {
            // Its insert may have lost a race against a document that its
            // filter matches. The second time the document is there.
            Err(Stopped::Guard(_)) if step.is_upsert() => step.run(self.database(), session).await,
            ran => ran,
        }
    }

    async fn transaction(
        &self,
        plan: &Plan<'_>,
        session: &mut ClientSession,
    ) -> Result<(), Stopped> {
        // A snapshot of what a majority has, so that what the list decides on
        // cannot be rolled back.
        let start = session.start_transaction().read_concern(ReadConcern::snapshot());
        start.await.map_err(Stopped::Failed)?;
        match self.run(plan, session).await {
            Ok(Begun::Fresh) => commit(session).await,
            Ok(Begun::Found(id)) => {
                abort(session).await;
                self.is_committed(id).await
            }
            Err(stopped) => {
                abort(session).await;
                Err(stopped)
            }
        }
    }

    async fn run(&self, plan: &Plan<'_>, session: &mut ClientSession) -> Result<Begun, Stopped> {
        if let Some((id, at)) = &plan.commit {
            let commits = self.commits();
            let insert = commits.insert_one(doc! { "_id": id, "at": date(*at) });
            match insert.session(&mut *session).await {
                Err(error) if fault(&error) == Fault::Duplicate => {
                    return Ok(Begun::Found(id.clone()));
                }
                written => written.map_err(stopped)?,
            };
        }
        for step in &plan.steps {
            step.run(self.database(), session).await?;
        }
        Ok(Begun::Fresh)
    }

    /// Whether a majority has the commit id, too; else another try finds out
    /// what became of it.
    async fn is_committed(&self, id: Binary) -> Result<(), Stopped> {
        match self.commits().find_one(doc! { "_id": id }).await.map_err(stopped)? {
            Some(_) => Ok(()),
            None => Err(Stopped::Undone),
        }
    }

    fn commits(&self) -> Collection<Document> {
        self.collection(COMMITS)
    }
}

fn stopped(error: Error) -> Stopped {
    match fault(&error) {
        Fault::Undone => Stopped::Undone,
        Fault::Duplicate | Fault::Unavailable | Fault::Other => Stopped::Failed(error),
    }
}

/// Commits, and where the reply says that it is unknown whether it did, commits
/// again: the transaction itself is not replayed then. The caller has a deadline.
async fn commit(session: &mut ClientSession) -> Result<(), Stopped> {
    let mut backoff = Backoff::default();
    loop {
        match session.commit_transaction().await {
            Ok(()) => return Ok(()),
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
                backoff.wait().await;
            }
            Err(error) => return Err(stopped(error)),
        }
    }
}

/// Where this fails, the transaction is over already, or the server ends it
/// with the session's time.
async fn abort(session: &mut ClientSession) {
    if let Err(error) = session.abort_transaction().await {
        let error = store_error(error);
        tracing::debug!(error = %with_causes(&error), "a transaction was not aborted");
    }
}
