//! Exponential backoff with jitter: how soon something is tried again.

use std::time::Duration;

use usermgmt_core::rng::{OsRng, random};

/// After so many doublings pauses stay as they are, at about 130 milliseconds.
const DOUBLINGS: u32 = 6;

/// Pauses before another try; the caller has a deadline.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    made: u32,
}

impl Backoff {
    /// Waits before another try. The pauses double from about 2 milliseconds,
    /// and differ, so that those who got into each other's way do not meet again.
    pub(crate) async fn wait(&mut self) {
        let longest = 2_000_u64 << self.made.min(DOUBLINGS);
        let [share] = random::<1>(&OsRng);
        let pause = longest / 4 + longest * 3 / 4 * u64::from(share) / 255;
        tokio::time::sleep(Duration::from_micros(pause)).await;
        self.made += 1;
    }
}
