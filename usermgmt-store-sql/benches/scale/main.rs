//! What the statements of a sign-in, a checked request, a refresh and a list of
//! users cost with few people and with many, on each SQL store: the two take
//! turns in one run, so that whatever else the machine does meets both. Nothing
//! hashes here: Argon2id would hide the database.
//!
//! `USERMGMT_BENCH_USERS` has the two numbers, `10000,1000000` unless it is
//! set. SQLite needs nothing else, the servers are those of the tests:
//! `USERMGMT_TEST_POSTGRES_URL` and `USERMGMT_TEST_MYSQL_URL`. Words after `--`
//! choose among them: `-- postgres`.

#![expect(clippy::unwrap_used, reason = "without what it measures a benchmark has no result")]
#![expect(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

mod figures;
mod fill;
mod operation;
mod person;
mod place;

use std::time::Instant;

use usermgmt_core::testkit::SeededRng;

use self::figures::{Figures, tell};
use self::operation::Operation;
use self::place::{Place, Server};

/// How often each operation has its turn with each number of people. The first
/// round fills the caches and does not count.
const ROUNDS: usize = 41;

fn main() {
    // `cargo test --benches` only wants to know whether it runs at all.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let sizes = sizes();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    for &server in Server::ALL {
        let name = server.name().to_lowercase();
        if !(chosen.is_empty() || chosen.iter().any(|part| name.contains(part.as_str()))) {
            continue;
        }
        match server.is_there() {
            Ok(()) => runtime.block_on(run(server, sizes)),
            Err(variable) => println!("\n{}: {variable} is not set", server.name()),
        }
    }
}

fn sizes() -> [u64; 2] {
    let sizes = std::env::var("USERMGMT_BENCH_USERS").unwrap_or("10000,1000000".to_owned());
    let (few, many) = sizes.split_once(',').expect("two numbers and a comma");
    [few, many].map(|number| number.trim().parse().expect("a number of people"))
}

async fn run(server: Server, sizes: [u64; 2]) {
    let began = now();
    let places = [Place::open(server, sizes[0]).await, Place::open(server, sizes[1]).await];
    println!("\n{}, filled in {:.0} s", server.name(), began.elapsed().as_secs_f64());
    let rng = SeededRng::new(1);
    let mut figures = Operation::ALL.map(|operation| (operation, [(); 2].map(|()| Vec::new())));
    for round in 0..ROUNDS {
        for (operation, times) in &mut figures {
            // Each goes first as often as second.
            for side in [round % 2, (round + 1) % 2] {
                let took = operation.turn(&places[side], &rng).await;
                if round > 0 {
                    times[side].extend(took);
                }
            }
        }
    }
    tell(sizes, figures.map(|(operation, times)| (operation.name(), times.map(Figures::of))));
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures how long things really take")]
fn now() -> Instant {
    Instant::now()
}
