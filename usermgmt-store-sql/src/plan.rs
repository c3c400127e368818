//! A list of changes as statements.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::CommitId;
use usermgmt_core::store::Changes;

use crate::dialect::Dialect;
use crate::fault::{Fault, fault};
use crate::guard::{Step, Stopped};
use crate::pool::Conn;
use crate::sql::statement;
use crate::step::steps;

/// A list of changes as statements.
pub(crate) struct Plan<'a> {
    /// Only a list of several leaves its id: a single change is not replayed.
    pub(crate) commit: Option<(CommitId, Timestamp)>,
    pub(crate) steps: Vec<Step<'a>>,
}

/// What became of a plan that ran to its end.
pub(crate) enum Ran {
    /// Its statements wrote; the commit is to come.
    Written,
    /// Its commit id was there: it had been applied before.
    Found,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(changes: &'a Changes, dialect: Dialect) -> Self {
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
