//! Which generations of a session its client has received.

use std::fmt;
use std::sync::Arc;

use quick_cache::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::ids::SessionId;

/// How many generations are remembered as noted.
const REMEMBERED: usize = 10_000;
/// How many notes are under way at most; what is too much is noted by a later
/// request of the same session.
const UNDER_WAY: usize = 32;

/// What this process has noted, so that one request of many does.
pub(crate) struct Receipts {
    noted: Cache<(SessionId, i64), ()>,
    room: Arc<Semaphore>,
}

impl Default for Receipts {
    fn default() -> Self {
        Self { noted: Cache::new(REMEMBERED), room: Arc::new(Semaphore::new(UNDER_WAY)) }
    }
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipts").finish_non_exhaustive()
    }
}

impl Receipts {
    /// Begins a note of a generation: once, and where there is room for it.
    pub(super) fn begin(&self, id: SessionId, generation: i64) -> Option<OwnedSemaphorePermit> {
        if self.noted.get(&(id, generation)).is_some() {
            return None;
        }
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        self.noted.insert((id, generation), ());
        Some(room)
    }

    /// The note failed: another request may try.
    pub(super) fn forget(&self, id: SessionId, generation: i64) {
        self.noted.remove(&(id, generation));
    }
}
