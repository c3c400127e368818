//! Randomness, injected so that tests are repeatable.

use std::fmt;

/// A source of bytes that nobody can guess.
pub trait SecureRng: fmt::Debug + Send + Sync + 'static {
    /// Fills `into` with random bytes.
    ///
    /// # Panics
    /// Where the operating system has no randomness to give: going on would
    /// hand out secrets that can be guessed.
    fn fill(&self, into: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

impl SecureRng for OsRng {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    #[expect(clippy::expect_used, reason = "documented: no randomness, no service")]
    fn fill(&self, into: &mut [u8]) {
        getrandom::fill(into).expect("the operating system's random generator failed");
    }
}

/// `N` random bytes.
pub fn random<const N: usize>(rng: &dyn SecureRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}
