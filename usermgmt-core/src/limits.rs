//! Limits on attempts: counted before the work, given back on success.

use std::time::Duration;

use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::config::Rate;
use crate::store::{Count, Hit};

/// What is counted: a rate and what it is counted by. The key that the store
/// sees is a MAC, so that it holds neither names nor addresses.
pub(crate) struct Limit<'a> {
    pub(crate) rate: Rate,
    pub(crate) name: &'a str,
    pub(crate) by: &'a [&'a str],
}

/// Attempts that were counted.
#[derive(Debug)]
pub(crate) struct Attempt {
    keys: Vec<String>,
    counts: Vec<Count>,
    now: Timestamp,
}

impl Attempt {
    /// The count of the n-th limit, this attempt included; 0 where limits are off.
    pub(crate) fn count(&self, n: usize) -> i64 {
        self.counts.get(n).map_or(0, |count| count.count)
    }

    /// Both, this one's counts first.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self.counts.extend(other.counts);
        self
    }

    fn retry_after(&self, n: usize) -> Duration {
        self.counts
            .get(n)
            .map_or(Duration::ZERO, |count| count.resets_at.since(self.now))
            .max(Duration::from_secs(1))
    }
}

impl Client {
    /// A limit by client: none where the client's address is not known or a
    /// service's, since many would share it.
    pub(crate) fn limit(&self, rate: Rate) -> Rate {
        if self.address.is_some() && !self.is_service {
            rate
        } else {
            Rate { max: i64::MAX, ..rate }
        }
    }
}

impl Auth {
    /// The key of a limit's counter.
    pub(crate) fn counter(&self, limit: &Limit<'_>) -> String {
        let by: Vec<&[u8]> = limit.by.iter().map(|part| part.as_bytes()).collect();
        self.0.keys.lookup_key(limit.name, &by)
    }

    /// Counts an attempt under each limit without refusing it.
    pub(crate) async fn count(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        if !self.0.config.limits.enabled {
            return Ok(Attempt { keys: Vec::new(), counts: Vec::new(), now });
        }
        self.count_always(limits, now).await
    }

    /// The same where limits hold even when they are switched off: the tries of
    /// one code.
    pub(crate) async fn count_always(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let keys: Vec<String> = limits.iter().map(|limit| self.counter(limit)).collect();
        let mut hits: Vec<Hit> = keys
            .iter()
            .zip(limits)
            .map(|(key, limit)| Hit { key: key.clone(), window: limit.rate.window })
            .collect();
        hits.sort();
        let sorted = self.read(self.0.store.hit(&hits, now)).await?;
        let counts = keys
            .iter()
            .filter_map(|key| {
                hits.iter().position(|hit| hit.key == *key).and_then(|at| sorted.get(at).copied())
            })
            .collect();
        Ok(Attempt { keys, counts, now })
    }

    /// Counts an attempt and refuses it beyond any of the limits.
    pub(crate) async fn attempt(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let attempt = self.count(limits, now).await?;
        for (n, limit) in limits.iter().enumerate() {
            attempt_within(&attempt, n, limit.rate)?;
        }
        Ok(attempt)
    }

    /// Takes an attempt back that turned out well. That it cannot be is no
    /// reason to fail what it was for.
    pub(crate) async fn give_back(&self, attempt: &Attempt) {
        if attempt.keys.is_empty() {
            return;
        }
        let mut keys = attempt.keys.clone();
        keys.sort();
        if let Err(error) = self.read_store(self.0.store.give_back(&keys)).await {
            tracing::warn!(%error, "an attempt that succeeded stays counted");
        }
    }

    /// Forgets a counter.
    pub(crate) async fn forget_count(&self, name: &str, by: &[&str]) {
        let by: Vec<&[u8]> = by.iter().map(|part| part.as_bytes()).collect();
        let key = self.0.keys.lookup_key(name, &by);
        if let Err(error) = self.read_store(self.0.store.clear_count(&key)).await {
            tracing::warn!(%error, "a counter that should be cleared stays");
        }
    }
}

/// Refuses an attempt beyond the n-th limit.
pub(crate) fn attempt_within(attempt: &Attempt, n: usize, rate: Rate) -> Result<(), ServiceError> {
    if attempt.count(n) > rate.max {
        return Err(ServiceError::RateLimited { retry_after: attempt.retry_after(n) });
    }
    Ok(())
}
