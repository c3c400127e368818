//! Whether the database takes what is written.

use std::time::Duration;

use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::store::{CounterStore as _, Hit, StoreError};

use crate::store::SqlStore;

/// How long the row that is written stays.
const LIFE: Duration = Duration::from_secs(60);

impl SqlStore {
    /// Writes a counter, which needs no wait for the disk: a full disk, a file
    /// that only reads or a missing right is noticed before somebody registers.
    pub(crate) async fn test_write(&self) -> Result<(), StoreError> {
        let now = SystemClock.now();
        if self.last_write().answers(now) {
            return Ok(());
        }
        self.hit(&[Hit { key: "ready".to_owned(), window: LIFE }], now).await?;
        self.last_write().note(now);
        Ok(())
    }
}
