//! Who gets room to hash a password, and whether their attempt is counted
//! before or after that.
//!
//! Room comes first, so that in a storm the excess costs neither the store's time
//! nor anybody's tries. Where a limit refused somebody, those that it counts are
//! counted first until its window ends, and only a few of them at a time:
//! otherwise one client that is refused anyway could hold all the room while its
//! attempts are counted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::limits::{Attempt, Limit, attempt_within};
use crate::password::Reserved;

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
struct Turn<'a> {
    refusals: &'a Refusals,
    key: &'a str,
}

impl Refusals {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` where the limit refused nobody; an error where others are counted.
    fn turn<'a>(&'a self, key: &'a str, now: Timestamp) -> Option<Result<Turn<'a>, ServiceError>> {
        let mut all = self.all();
        let refusal = all.get_mut(key).filter(|refusal| now < refusal.until)?;
        if refusal.counting == COUNTED_AT_A_TIME {
            return Some(Err(ServiceError::RateLimited { retry_after: Duration::from_secs(1) }));
        }
        refusal.counting += 1;
        Some(Ok(Turn { refusals: self, key }))
    }

    fn remember(&self, key: &str, until: Timestamp, now: Timestamp) {
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
        if let Some(refusal) = self.refusals.all().get_mut(self.key) {
            refusal.counting = refusal.counting.saturating_sub(1);
        }
    }
}

impl Auth {
    /// Takes room for one password and counts the attempt. Neither is taken where
    /// the other is refused, but for the count of those beyond their limits.
    pub(crate) async fn admit(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<(Reserved, Attempt), ServiceError> {
        let keys: Vec<String> = limits.iter().map(|limit| self.counter(limit)).collect();
        let refusals = &self.0.refusals;
        let Some(turn) = keys.iter().find_map(|key| refusals.turn(key, now)) else {
            let room = self.0.hasher.reserve()?;
            return Ok((room, self.attempt_or_remember(limits, now).await?));
        };
        let turn = turn?;
        let attempt = self.attempt_or_remember(limits, now).await?;
        drop(turn);
        match self.0.hasher.reserve() {
            Ok(room) => Ok((room, attempt)),
            Err(full) => {
                // One that is not verified is no try.
                self.give_back(&attempt).await;
                Err(full.into())
            }
        }
    }

    async fn attempt_or_remember(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let attempt = self.count(limits, now).await?;
        for (n, limit) in limits.iter().enumerate() {
            if let Err(refused) = attempt_within(&attempt, n, limit.rate) {
                if let ServiceError::RateLimited { retry_after } = refused {
                    self.0.refusals.remember(&self.counter(limit), now + retry_after, now);
                }
                return Err(refused);
            }
        }
        Ok(attempt)
    }
}
