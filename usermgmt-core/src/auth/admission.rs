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
use crate::clock::Timestamp;
use crate::password::Reserved;

impl Auth {
    /// Takes room for one password and counts the attempt. Neither is taken where
    /// the other is refused, but for the count of those beyond their limits.
    pub(crate) async fn admit(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<(Reserved, Attempt), ServiceError> {
        let keys: Vec<String> =
            limits.iter().map(|limit| self.counter(limit.name, limit.by)).collect();
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
        if let Err(refused) = attempt.check() {
            self.count_refusal(&attempt);
            for (key, until) in attempt.exceeded() {
                self.0.refusals.remember(key, until, now);
            }
            return Err(refused);
        }
        Ok(attempt)
    }
}
