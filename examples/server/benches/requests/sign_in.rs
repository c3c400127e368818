//! [`Auth::sign_in`](usermgmt_core::Auth::sign_in) as a whole, limits and
//! commits included, beside the hasher alone on all processors.

use std::sync::{Arc, LazyLock};

use divan::Bencher;
use futures_util::future::join_all;
use usermgmt_core::password::{PasswordHasher, Verdict};
use usermgmt_core::rng::OsRng;
use usermgmt_core::secret::PlaintextPassword;

use crate::common::PASSWORD;
use crate::turns::{Comparison, Side, Turn, measure, turns};
use crate::world::{PEOPLE, WORLD, sign_in};

const COMPARISON: Comparison = Comparison { name: "sign-in", wanted_percent: Some(95) };
/// How often everybody signs in, all of them at the same time.
const TIMES: usize = 4;

/// One for all turns, as the other side has: memory that is used for long lies
/// better.
static HASHER: LazyLock<PasswordHasher> = LazyLock::new(|| {
    let config = WORLD.auth.config().hasher.clone();
    PasswordHasher::new(config, Arc::new(OsRng)).unwrap()
});

#[divan::bench(args = turns(), sample_count = 2, sample_size = 1)]
fn sign_in_whole(bencher: Bencher<'_, '_>, turn: &Turn) {
    let world = &*WORLD;
    let hasher = &*HASHER;
    let password = PlaintextPassword::from(PASSWORD);
    let hash = world.runtime.block_on(hasher.hash(&password)).unwrap();
    measure(bencher, COMPARISON, turn, PEOPLE * TIMES, || {
        let tasks = world.addresses.iter().enumerate().map(|(number, address)| {
            let (hasher, password, hash) = (hasher.clone(), password.clone(), hash.clone());
            let side = turn.side;
            world.runtime.spawn(async move {
                for _ in 0..TIMES {
                    match side {
                        Side::Baseline => {
                            let verdict = hasher.verify(&password, Some(&hash)).await;
                            assert_eq!(verdict.unwrap(), Verdict::Right);
                        }
                        Side::Usermgmt => drop(sign_in(&world.auth, address, number).await),
                    }
                }
            })
        });
        let done = world.runtime.block_on(join_all(tasks.collect::<Vec<_>>()));
        done.into_iter().for_each(Result::unwrap);
    });
}
