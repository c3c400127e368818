//! Randomness that repeats.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use crate::rng::SecureRng;

/// Bytes that follow from a number: SHA-256 over seed and counter. Clones go on
/// with one counter, so that no two of them ever hand out the same bytes.
#[derive(Clone)]
pub struct SeededRng {
    seed: u64,
    block: Arc<AtomicU64>,
}

impl SeededRng {
    /// The bytes of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, block: Arc::default() }
    }

    /// A number below `end`, for tests that draw lots: every one about as likely.
    ///
    /// # Panics
    /// Where `end` is zero.
    pub fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(crate::rng::random(self)) % end
    }
}

/// The seed, with which a failed run can be repeated.
impl fmt::Debug for SeededRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeededRng({})", self.seed)
    }
}

impl SecureRng for SeededRng {
    fn fill(&self, into: &mut [u8]) {
        for chunk in into.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let bytes = Sha256::new()
                .chain_update(self.seed.to_le_bytes())
                .chain_update(block.to_le_bytes())
                .finalize();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}
