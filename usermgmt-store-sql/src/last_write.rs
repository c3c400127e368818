//! When a test write last succeeded.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use usermgmt_core::clock::Timestamp;

/// How long a write that succeeded answers for the next: whoever asks more
/// often, a stranger at the health endpoint say, causes no more writes.
const ANSWERS_FOR: Duration = Duration::from_secs(5);

/// When a test write last succeeded, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct LastWrite(AtomicI64);

impl LastWrite {
    /// Whether it still answers.
    pub(crate) fn answers(&self, now: Timestamp) -> bool {
        let age = now.as_millis().checked_sub(self.0.load(Relaxed));
        let age = age.and_then(|age| u64::try_from(age).ok());
        age.is_some_and(|age| Duration::from_millis(age) < ANSWERS_FOR)
    }

    pub(crate) fn note(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Relaxed);
    }
}
