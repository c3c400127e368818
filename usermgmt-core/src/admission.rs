//! Who gets room to hash a password, and whether their attempt is counted
//! before or after that.
//!
//! Room comes first, so that in a storm the excess costs neither the store's time
//! nor anybody's tries. Whoever was refused for too many attempts is counted
//! first until their window ends, a few of them at a time: otherwise one client
//! that is refused anyway could hold all the room while its attempts are counted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::auth::{Auth, Unserved};
use crate::clock::Timestamp;
use crate::limits::{Attempt, Limit};
use crate::password::Reserved;

/// How many of those who were refused are counted at a time.
const COUNTED_AT_A_TIME: usize = 4;
/// How many are remembered; who comes on top gets room first, like anybody.
const REMEMBERED: usize = 10_000;

/// Who was refused lately, as far as this process knows.
pub(crate) struct Refused {
    until: Mutex<HashMap<String, Timestamp>>,
    turns: Semaphore,
}

impl Default for Refused {
    fn default() -> Self {
        Self { until: Mutex::default(), turns: Semaphore::new(COUNTED_AT_A_TIME) }
    }
}

impl Refused {
    fn until(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when they are counted first, if they are.
    fn get(&self, who: &str, now: Timestamp) -> Option<Timestamp> {
        self.until().get(who).copied().filter(|until| now < *until)
    }

    fn remember(&self, who: &str, until: Timestamp, now: Timestamp) {
        let mut all = self.until();
        if all.len() >= REMEMBERED {
            all.retain(|_, until| now < *until);
        }
        if all.len() < REMEMBERED {
            all.insert(who.to_owned(), until);
        }
    }
}

impl Auth {
    /// Takes room for one password and counts the attempt. Neither is taken where
    /// the other is refused, but for the count of those beyond their limits.
    pub(crate) async fn admit(
        &self,
        who: &[&str],
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<(Reserved, Attempt), Unserved> {
        let who: Vec<&[u8]> = who.iter().map(|part| part.as_bytes()).collect();
        let who = &self.0.keys.lookup_key("refused", &who);
        let Some(until) = self.0.refused.get(who, now) else {
            let room = self.0.hasher.reserve()?;
            return Ok((room, self.attempt_or_remember(who, limits, now).await?));
        };
        let attempt = {
            let _turn = self.turn(until, now).await?;
            self.attempt_or_remember(who, limits, now).await?
        };
        match self.0.hasher.reserve() {
            Ok(room) => Ok((room, attempt)),
            Err(full) => {
                // One that is not verified is no try.
                self.give_back(&attempt).await;
                Err(full.into())
            }
        }
    }

    async fn turn(
        &self,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<SemaphorePermit<'_>, Unserved> {
        let turn = self.0.refused.turns.acquire();
        match tokio::time::timeout(self.0.config.store_timeout, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            // It is never closed, so this is a line that is too long.
            _ => Err(Unserved::RateLimited { retry_after: until.since(now) }),
        }
    }

    async fn attempt_or_remember(
        &self,
        who: &str,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, Unserved> {
        let attempt = self.attempt(limits, now).await;
        if let Err(Unserved::RateLimited { retry_after }) = attempt {
            self.0.refused.remember(who, now + retry_after, now);
        }
        attempt
    }
}
