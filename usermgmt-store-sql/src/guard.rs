//! A statement, and what must be true of it.

use std::error::Error;

use usermgmt_core::store::Guard;

use crate::fault::{Fault, fault};
use crate::sql::Statement;

/// A statement of a change.
pub(crate) struct Step<'a> {
    pub(crate) statement: Statement<'a>,
    expect: Expect,
}

/// What must be true of a statement, else the guard failed.
#[derive(Clone, Copy)]
enum Expect {
    /// Nothing: it writes as many rows as there are.
    Anything,
    /// It wrote one row: the guard is in its WHERE.
    OneRow(Guard),
    /// It found no row with the same key.
    NewKey(Guard),
}

impl<'a> Statement<'a> {
    pub(crate) fn anything(self) -> Step<'a> {
        self.expecting(Expect::Anything)
    }

    pub(crate) fn one_row(self, guard: Guard) -> Step<'a> {
        self.expecting(Expect::OneRow(guard))
    }

    pub(crate) fn new_key(self, guard: Guard) -> Step<'a> {
        self.expecting(Expect::NewKey(guard))
    }

    fn expecting(self, expect: Expect) -> Step<'a> {
        Step { statement: self, expect }
    }
}

/// Why a step, or all of them, did not come to an end.
pub(crate) enum Stopped {
    /// A guard failed.
    Guard(Guard),
    /// A statement failed; nothing can have been committed.
    Statement(sqlx::Error),
    /// The host's hook refused.
    Refused(Box<dyn Error + Send + Sync>),
    /// COMMIT failed; where its reply was lost, it may have happened.
    Commit(sqlx::Error),
}

impl Step<'_> {
    /// Whether the guard held.
    pub(crate) fn judge(&self, written: Result<u64, sqlx::Error>) -> Result<(), Stopped> {
        match (self.expect, written) {
            (Expect::OneRow(guard), Ok(rows)) if rows != 1 => Err(Stopped::Guard(guard)),
            (Expect::NewKey(guard), Err(error)) if fault(&error) == Fault::Duplicate => {
                Err(Stopped::Guard(guard))
            }
            (_, written) => written.map(drop).map_err(Stopped::Statement),
        }
    }
}
