//! Whether upkeep is done beside the requests.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use crate::clock::Timestamp;

/// How long requests are served without upkeep before a warning is due.
const PATIENCE: Duration = Duration::from_secs(600);
/// No upkeep and no request yet.
const NEVER: i64 = i64::MIN;

/// When upkeep was last begun, or when the first request came before any.
#[derive(Debug)]
pub(crate) struct Upkeep {
    at: AtomicI64,
    is_missed: AtomicBool,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self { at: AtomicI64::new(NEVER), is_missed: AtomicBool::new(false) }
    }
}

impl Upkeep {
    /// It is being done.
    pub(super) fn begins(&self, now: Timestamp) {
        self.at.store(now.as_millis(), Ordering::Relaxed);
    }

    /// Called for requests: true once, where they have been served for long
    /// without upkeep.
    pub(super) fn is_missed(&self, now: Timestamp) -> bool {
        if self.is_missed.load(Ordering::Relaxed) {
            return false;
        }
        let now = now.as_millis();
        let begun = self.at.load(Ordering::Relaxed);
        if begun == NEVER {
            self.at.store(now, Ordering::Relaxed);
            return false;
        }
        now.saturating_sub(begun) >= PATIENCE.as_millis() as i64
            && !self.is_missed.swap(true, Ordering::Relaxed)
    }
}
