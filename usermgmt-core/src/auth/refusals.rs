//! The limits that refused somebody lately.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::ServiceError;
use crate::clock::Timestamp;

/// How many attempts are counted at a time under a limit that refused one.
const COUNTED_AT_A_TIME: usize = 2;
/// How many limits are remembered; with more, room comes first, as for anybody.
const REMEMBERED: usize = 10_000;

/// The limits that refused somebody lately, as far as this process knows, by the
/// keys of their counters.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<String, Refusal>>);

struct Refusal {
    until: Timestamp,
    counting: usize,
}

/// A place among those that are counted under such a limit.
pub(crate) struct Turn<'a> {
    refusals: &'a Refusals,
    key: String,
}

impl Refusals {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` where the limit refused nobody; an error where others are counted.
    pub(super) fn turn(
        &self,
        key: String,
        now: Timestamp,
    ) -> Option<Result<Turn<'_>, ServiceError>> {
        let mut all = self.all();
        let refusal = all.get_mut(&key).filter(|refusal| now < refusal.until)?;
        if refusal.counting == COUNTED_AT_A_TIME {
            return Some(Err(ServiceError::RateLimited { retry_after: Duration::from_secs(1) }));
        }
        refusal.counting += 1;
        Some(Ok(Turn { refusals: self, key }))
    }

    pub(super) fn remember(&self, key: &str, until: Timestamp, now: Timestamp) {
        let mut all = self.all();
        if let Some(refusal) = all.get_mut(key) {
            refusal.until = until;
            return;
        }
        if all.len() >= REMEMBERED {
            all.retain(|_, refusal| refusal.counting > 0 || now < refusal.until);
        }
        if all.len() < REMEMBERED {
            all.insert(key.to_owned(), Refusal { until, counting: 0 });
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(refusal) = self.refusals.all().get_mut(&self.key) {
            refusal.counting = refusal.counting.saturating_sub(1);
        }
    }
}
