//! Exponential backoff with jitter: how often and how soon something is tried again.

use std::time::Duration;

use usermgmt_core::rng::{OsRng, random};

/// The most tries after the first.
const MOST: u32 = 40;
/// How often the pause doubles.
const DOUBLINGS: u32 = 7;

/// Tries made so far.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    made: u32,
}

impl Backoff {
    /// Waits before another try; `false` where there was the last already. The
    /// pauses double from about 2 to about 250 milliseconds, and differ, so that
    /// those who got into each other's way do not meet again.
    pub(crate) async fn retry(&mut self) -> bool {
        if self.made == MOST {
            return false;
        }
        let longest = 2_000_u64 << self.made.min(DOUBLINGS);
        let [share] = random::<1>(&OsRng);
        let pause = longest / 2 + longest * u64::from(share) / 512;
        tokio::time::sleep(Duration::from_micros(pause)).await;
        self.made += 1;
        true
    }
}
