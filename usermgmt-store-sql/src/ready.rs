//! Whether the database takes what is written.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::store::{CounterStore as _, Hit, StoreError};

use crate::store::SqlStore;

/// How long a write that succeeded answers for the next: whoever asks more
/// often, a stranger at the health endpoint say, causes no more writes.
const ANSWERS_FOR: Duration = Duration::from_secs(5);
/// How long the row that is written stays.
const LIFE: Duration = Duration::from_secs(60);

/// When a test write last succeeded, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct LastWrite(AtomicI64);

impl SqlStore {
    /// Writes a counter, which needs no wait for the disk: a full disk, a file
    /// that only reads or a missing right is noticed before somebody registers.
    pub(crate) async fn test_write(&self) -> Result<(), StoreError> {
        let now = SystemClock.now();
        let last = self.last_write().0.load(Relaxed);
        let age = now.as_millis().checked_sub(last).and_then(|age| u64::try_from(age).ok());
        if age.is_some_and(|age| Duration::from_millis(age) < ANSWERS_FOR) {
            return Ok(());
        }
        self.hit(&[Hit { key: "ready".to_owned(), window: LIFE }], now).await?;
        self.last_write().0.store(now.as_millis(), Relaxed);
        Ok(())
    }
}
