//! What the pool makes of the processor, beside Argon2id alone.
//!
//! The baseline is the harder one: as many threads as processors, each with
//! memory of its own that it keeps, and nothing else to do.

#![expect(clippy::unwrap_used, reason = "without what it measures a benchmark has no result")]

use std::sync::Arc;
use std::thread::{available_parallelism, scope};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use divan::Bencher;
use divan::counter::ItemsCount;
use usermgmt_core::password::{HasherConfig, PasswordHasher, PasswordPolicy, Verdict};
use usermgmt_core::rng::OsRng;
use usermgmt_core::secret::PlaintextPassword;

const PER_CORE: usize = 4;

fn main() {
    divan::main();
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

#[divan::bench(sample_count = 60, sample_size = 1)]
fn raw_argon2(bencher: Bencher<'_, '_>) {
    let params = Params::new(19_456, 2, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memories = vec![vec![Block::new(); argon2.params().block_count()]; cores()];
    bencher.counter(ItemsCount::new(cores() * PER_CORE)).bench_local(|| {
        scope(|threads| {
            for memory in &mut memories {
                let argon2 = &argon2;
                threads.spawn(move || {
                    for _ in 0..PER_CORE {
                        let mut tag = [0; 32];
                        argon2
                            .hash_password_into_with_memory(
                                b"purple otter",
                                &[7; 16],
                                &mut tag,
                                &mut *memory,
                            )
                            .unwrap();
                        divan::black_box(tag);
                    }
                });
            }
        });
    });
}

#[divan::bench(sample_count = 60, sample_size = 1)]
fn pool_verify(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let hasher = PasswordHasher::new(HasherConfig::default(), Arc::new(OsRng)).unwrap();
    let password = PlaintextPassword::from("purple otter");
    let hash = runtime.block_on(hasher.hash(&password)).unwrap();
    bencher.counter(ItemsCount::new(cores() * PER_CORE)).bench_local(|| {
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..cores() * PER_CORE {
                let (hasher, password, hash) = (hasher.clone(), password.clone(), hash.clone());
                tasks.spawn(async move { hasher.verify(&password, Some(&hash)).await });
            }
            while let Some(verdict) = tasks.join_next().await {
                assert_eq!(verdict.unwrap().unwrap(), Verdict::Right);
            }
        });
    });
}

/// The policy's check, from what people type to the worst that can be sent.
#[divan::bench(args = [
    "purple otter",
    "correct horse battery staple",
    "kX9#vQ2m!zR7pL4wT8yB",
    "1234567890$|@$1305909288805|[!0@6!9(9|2|7$%{|+(4",
])]
fn policy_check(password: &str) -> bool {
    PasswordPolicy::default().check(password, &["alice.wonderland@example.com", "alice"]).is_ok()
}
