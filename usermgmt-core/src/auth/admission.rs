//! Who gets room to hash a password, and whether their attempt is counted
//! before or after that.
//!
//! Room comes first, so that in a storm the excess costs neither the store's time
//! nor anybody's tries. Where a limit refused somebody, those that it counts are
//! counted first until its window ends, and only a few of them at a time:
//! otherwise one client that is refused anyway could hold all the room while its
//! attempts are counted.

use super::error::ServiceError;
use super::facade::Auth;
use super::limits::{Attempt, Limit};
use super::refusals::Turn;
use crate::clock::Timestamp;
use crate::password::Reserved;

/// Room for one password, and the attempt that was counted.
pub(crate) struct Admitted<'a> {
    pub(crate) room: Reserved,
    pub(crate) attempt: Attempt,
    /// Held while the password of somebody beyond a limit is verified.
    pub(crate) turn: Option<Turn<'a>>,
}

impl Auth {
    /// Takes room for one password and counts the attempt. Neither is taken where
    /// the other is refused, but for the count of those beyond their limits.
    pub(crate) async fn admit(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<(Reserved, Attempt), ServiceError> {
        let admitted = self.admit_any(limits, false, now).await?;
        match admitted.attempt.check() {
            Ok(()) => Ok((admitted.room, admitted.attempt)),
            Err(refused) => {
                self.count_refusal(&admitted.attempt);
                Err(refused)
            }
        }
    }

    /// The same without refusing anybody for what others did: whoever is beyond a
    /// limit waits for nobody, but only a few of them are verified at a time, so
    /// that they do not take the room of others. `is_known`: who shows a device
    /// token is none of them.
    pub(crate) async fn admit_any(
        &self,
        limits: &[Limit<'_>],
        is_known: bool,
        now: Timestamp,
    ) -> Result<Admitted<'_>, ServiceError> {
        let keys: Vec<String> =
            limits.iter().map(|limit| self.counter(limit.name, limit.window, &limit.by)).collect();
        let refusals = &self.0.refusals;
        let turn = keys.into_iter().find_map(|key| refusals.turn(key, now)).filter(|_| !is_known);
        let Some(turn) = turn else {
            let room = self.0.hasher.reserve()?;
            let attempt = self.count_and_remember(limits, now).await?;
            return Ok(Admitted { room, attempt, turn: None });
        };
        let turn = turn?;
        let attempt = self.count_and_remember(limits, now).await?;
        match self.0.hasher.reserve() {
            Ok(room) => Ok(Admitted { room, attempt, turn: Some(turn) }),
            Err(full) => {
                // One that is not verified is no try.
                self.give_back(&attempt).await;
                Err(full.into())
            }
        }
    }

    async fn count_and_remember(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let attempt = self.count(limits, now).await?;
        for (key, until) in attempt.exceeded() {
            self.0.refusals.remember(key, until, now);
        }
        Ok(attempt)
    }
}
