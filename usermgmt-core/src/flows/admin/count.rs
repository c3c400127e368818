//! The last count of everything.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::store::OutboxDepth;
use crate::store::directory::Summary;

/// How old an answer may be. The store counts rows for it: a second or so for
/// millions of them.
const FRESH: Duration = Duration::from_secs(55);

/// What was counted, and when.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counted {
    /// Users, sessions and what happened lately.
    pub summary: Summary,
    /// Mail.
    pub outbox: OutboxDepth,
    /// When it was counted: at most a minute ago.
    pub as_of: Timestamp,
}

/// The last count of this process.
#[derive(Debug, Default)]
pub(crate) struct LastCount(Mutex<Option<Counted>>);

impl LastCount {
    pub(super) fn fresh(&self, now: Timestamp) -> Option<Counted> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone().filter(|last| last.as_of <= now && now.since(last.as_of) < FRESH)
    }

    pub(super) fn keep(&self, counted: &Counted) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted.clone());
    }
}
