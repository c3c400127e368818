//! A list of changes as statements.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::CommitId;
use usermgmt_core::store::{Changes, UserChange};

use crate::dialect::Dialect;
use crate::fault::{Fault, fault};
use crate::guard::{Step, Stopped};
use crate::hook::Hook;
use crate::pool::Conn;
use crate::sql::statement;
use crate::step::steps;

/// A list of changes as statements.
pub(crate) struct Plan<'a> {
    /// Only a transaction leaves its id: a single statement is not replayed.
    pub(crate) commit: Option<(CommitId, Timestamp)>,
    pub(crate) steps: Vec<Step<'a>>,
    /// What the host's hook is told.
    hook: Option<(&'a Hook, Vec<UserChange<'a>>)>,
}

/// What became of a plan that ran to its end.
pub(crate) enum Ran {
    /// Its statements wrote; the commit is to come.
    Written,
    /// Its commit id was there: it had been applied before.
    Found,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(changes: &'a Changes, dialect: Dialect, hook: Option<&'a Hook>) -> Self {
        let hook = hook.map(|hook| (hook, changes.of_users()));
        let hook = hook.filter(|(_, changes)| !changes.is_empty());
        let is_transaction = changes.list().len() > 1 || hook.is_some();
        Self {
            commit: is_transaction.then(|| (changes.commit_id(), changes.at())),
            steps: changes.list().iter().flat_map(|change| steps(change, dialect)).collect(),
            hook,
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
        if let Some((hook, changes)) = &self.hook {
            hook.run(conn, changes).await?;
        }
        Ok(Ran::Written)
    }
}
