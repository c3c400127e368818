//! What the benchmarks share: people to sign in, and a client that costs little.

mod figures;
mod people;
mod wire;

use std::time::Instant;

pub(crate) use self::figures::{percentile, percentiles};
pub(crate) use self::people::{PASSWORD, fill, open};
pub(crate) use self::wire::{Answer, Connection, get, post};

#[expect(clippy::disallowed_methods, reason = "a benchmark measures how long things really take")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
