//! The present: this process's clock, corrected by the store's.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::facade::Auth;
use crate::clock::Timestamp;
use crate::store::StoreError;

/// How far this machine's clock may be off the store's before it takes no requests.
const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(60);

impl Auth {
    /// The present: the injected clock, corrected by how far it was off the
    /// store's when that was last asked.
    pub fn now(&self) -> Timestamp {
        let offset = self.0.clock_offset.load(Ordering::Relaxed);
        Timestamp::from_millis(self.0.clock.now().as_millis().saturating_add(offset))
    }

    /// Whether requests can be served: the store answers, its schema is the right
    /// one, and the two clocks are not more than a minute apart.
    ///
    /// # Errors
    /// [`StoreError`] says what is wrong.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.read_store(self.0.store.ping()).await?;
        let offset = self.0.clock_offset.load(Ordering::Relaxed);
        if offset.unsigned_abs() > MAX_CLOCK_OFFSET.as_millis() as u64 {
            return Err(StoreError::Failed(format!(
                "this machine's clock is {offset} ms behind the store's (negative: ahead); set it right"
            )));
        }
        Ok(())
    }

    /// Asks the store for its clock, which all processes that share it follow.
    pub(crate) async fn follow_store_clock(&self) -> Result<(), StoreError> {
        let asked = self.0.clock.now();
        let Some(store) = self.read_store(self.0.store.clock()).await? else { return Ok(()) };
        let answered = self.0.clock.now();
        // The store read its clock about half-way between question and answer.
        let half = answered.since(asked) / 2;
        let offset = store.as_millis().saturating_sub((asked + half).as_millis());
        self.0.clock_offset.store(offset, Ordering::Relaxed);
        if offset.unsigned_abs() > MAX_CLOCK_OFFSET.as_millis() as u64 {
            tracing::error!(offset_ms = offset, "this machine's clock is far off the store's");
        }
        Ok(())
    }
}
