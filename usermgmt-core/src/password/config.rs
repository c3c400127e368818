//! The hasher's settings and what they must be.

use std::io;
use std::sync::Arc;
use std::thread;

use super::bounds::{MAX_ITERATIONS, MAX_PARALLELISM};
use super::format::PasswordFormat;

/// What Argon2id costs and how much of it happens at once.
///
/// Resident memory is bounded by `workers` × `memory_kib`, and that of one hash
/// of another program or other parameters at a time: 32 MiB for Werkzeug's
/// scrypt, at most 64 MiB.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HasherConfig {
    /// Memory for each hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes. One thread computes them all, one after the other.
    pub parallelism: u32,
    /// Threads that hash.
    pub workers: usize,
    /// Passwords that may wait for a thread; one more is refused at once.
    pub queue: usize,
    /// Formats of stored passwords beside those that the library knows.
    pub formats: Vec<Arc<dyn PasswordFormat>>,
    insecure: bool,
}

/// OWASP's first choice of equals (Password Storage Cheat Sheet), one thread
/// a processor.
impl Default for HasherConfig {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            workers: thread::available_parallelism().map_or(1, usize::from),
            queue: 128,
            formats: Vec::new(),
            insecure: false,
        }
    }
}

impl HasherConfig {
    /// The least that Argon2id takes, so that tests are fast. Worthless
    /// against anybody who has the hashes.
    #[cfg(any(test, feature = "testkit"))]
    pub fn insecure_for_tests() -> Self {
        Self { memory_kib: 8, iterations: 1, insecure: true, ..Self::default() }
    }

    pub(super) fn validate(&self) -> Result<argon2::Params, HasherConfigError> {
        let &Self { memory_kib, iterations, parallelism, workers, queue, insecure, .. } = self;
        in_range("parallelism", parallelism.into(), 1, MAX_PARALLELISM.into())?;
        in_range("iterations", iterations.into(), 1, MAX_ITERATIONS.into())?;
        let floor = if insecure { 0 } else { MIN_MEMORY_KIB };
        let least = floor.max(8 * parallelism);
        in_range("memory_kib", memory_kib.into(), least.into(), 1024 * 1024)?;
        let work = u64::from(memory_kib) * u64::from(iterations);
        if !insecure && work < MIN_WORK_KIB {
            return Err(HasherConfigError::TooCheap { work });
        }
        in_range("workers", workers as u64, 1, 1024)?;
        in_range("queue", queue as u64, 1, 65_536)?;
        argon2::Params::new(memory_kib, iterations, parallelism, None).map_err(|_| {
            HasherConfigError::OutOfRange {
                field: "memory_kib",
                value: memory_kib.into(),
                min: least.into(),
                max: 1024 * 1024,
            }
        })
    }
}

/// The cheapest of OWASP's equals: 7 MiB five times.
const MIN_MEMORY_KIB: u32 = 7 * 1024;
const MIN_WORK_KIB: u64 = 5 * 7 * 1024;

fn in_range(field: &'static str, value: u64, min: u64, max: u64) -> Result<(), HasherConfigError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(HasherConfigError::OutOfRange { field, value, min, max })
}

/// Why a hasher cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HasherConfigError {
    /// A setting is not in its range.
    #[error("password hashing: {field} is {value}, it must be from {min} to {max}")]
    OutOfRange {
        /// The setting's name.
        field: &'static str,
        /// What it is.
        value: u64,
        /// The least it may be.
        min: u64,
        /// The most it may be.
        max: u64,
    },
    /// A hash would cost an attacker too little.
    #[error(
        "password hashing: memory_kib times iterations is {work}, it must be at least {MIN_WORK_KIB}"
    )]
    TooCheap {
        /// Memory in KiB times passes.
        work: u64,
    },
    /// The system gave no thread.
    #[error("password hashing: cannot start a thread")]
    Thread(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut HasherConfig)) -> String {
        let mut config = HasherConfig::default();
        change(&mut config);
        match config.validate() {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_defaults_and_the_cheapest_advised_settings_are_accepted() {
        assert_eq!(with(|_| ()), "fine");
        for (memory_kib, iterations) in [(47_104, 1), (12_288, 3), (9_216, 4), (7_168, 5)] {
            let verdict = with(|config| {
                config.memory_kib = memory_kib;
                config.iterations = iterations;
            });
            assert_eq!(verdict, "fine");
        }
    }

    #[test]
    fn a_setting_that_cannot_work_is_named() {
        let named = [
            (with(|config| config.memory_kib = 7_167), "memory_kib is 7167"),
            (with(|config| config.memory_kib = u32::MAX), "memory_kib is 4294967295"),
            (with(|config| config.iterations = 0), "iterations is 0"),
            (with(|config| config.iterations = 65), "iterations is 65"),
            (with(|config| config.iterations = 1), "memory_kib times iterations is 19456"),
            (with(|config| config.parallelism = 0), "parallelism is 0"),
            (with(|config| config.parallelism = 17), "parallelism is 17"),
            (with(|config| config.workers = 0), "workers is 0"),
            (with(|config| config.queue = 0), "queue is 0"),
        ];
        for (message, part) in named {
            assert!(message.contains(part), "{message}");
        }
    }
}
