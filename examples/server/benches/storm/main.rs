//! The server as people run it, under more sign-ins than it can take: how it
//! starts, what it occupies, how long everything else waits meanwhile, and what
//! it does with what is too much. Prints what it finds, and of a minute at ten times
//! what it can take whether that is as promised: status 1 where it is not.
//!
//! ```sh
//! cargo bench -p usermgmt-server --bench storm
//! ```

#![expect(clippy::unwrap_used, reason = "without what it measures a benchmark has no result")]
#![expect(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod probe;
mod server;

use std::thread::available_parallelism;
use std::time::Duration;

use usermgmt_core::password::HasherConfig;

use self::crowd::Crowd;
use self::probe::{Probe, Seen};
use self::server::{Folder, Server};
use crate::common::{fill, open, percentile, percentiles};

const STARTS: usize = 10;
const CALM: Duration = Duration::from_secs(5);
const STORM: Duration = Duration::from_secs(15);
const IN_FLIGHT: usize = 64;
const BURSTS: usize = 3;
/// How many times as many sign-ins as it takes.
const TIMES: f64 = 10.0;
const LONG_STORM: Duration = Duration::from_secs(60);
/// What others may wait meanwhile, 99 times in 100.
const PROMISED: Duration = Duration::from_millis(50);

fn main() {
    // `cargo test --benches` only wants to know whether it runs at all.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let as_promised = runtime.block_on(run());
    std::process::exit(i32::from(!as_promised));
}

async fn run() -> bool {
    println!("processors: {}", available_parallelism().map_or(1, usize::from));
    starts().await;

    let hasher = HasherConfig::default();
    let capacity = hasher.workers + hasher.queue;
    let folder = Folder::new();
    let auth = open(&folder.data_dir(), server::SECRET.to_vec()).await;
    let addresses = fill(&auth, 10 * capacity).await;
    drop(auth);
    let server = Server::start(&folder).await;

    let token = crowd::access_token(server.address, &addresses[0]).await;
    let probe = Probe::start(server.address, token);
    tokio::time::sleep(CALM).await;
    tell("Nothing else to do", &probe.take(), &server);

    let mut crowd = Crowd::gather(server.address, &addresses[..IN_FLIGHT]).await;
    probe.take();
    let storm = crowd.storm(STORM).await;
    tell(&format!("{IN_FLIGHT} sign-ins in flight"), &probe.take(), &server);
    let taken = storm.answered.len() as f64 / STORM.as_secs_f64();
    println!(
        "  {taken:.0} sign-ins a second; each {}; answered otherwise: {}",
        percentiles(&storm.answered),
        storm.refused.len() + storm.others,
    );

    let mut crowd = Crowd::gather(server.address, &addresses).await;
    for _ in 0..BURSTS {
        probe.take();
        let burst = crowd.burst().await;
        tell(
            &format!("{} sign-ins at once, for {capacity} there is room", addresses.len()),
            &probe.take(),
            &server,
        );
        println!(
            "  {} answered; {} refused with 503, {} of them with Retry-After, after {}; otherwise: {}",
            burst.answered.len(),
            burst.refused.len(),
            burst.with_retry_after,
            percentiles(&burst.refused),
            burst.others,
        );
    }
    drop(crowd);

    let mut crowd = Crowd::gather(server.address, &addresses).await;
    probe.take();
    let storm = crowd.storm_at(taken * TIMES, LONG_STORM).await;
    let seen = probe.take();
    let length = LONG_STORM.as_secs();
    tell(&format!("{:.0} sign-ins a second for {length} s", taken * TIMES), &seen, &server);
    println!(
        "  {} answered; {} refused with 503, {} of them with Retry-After, after {}; otherwise: {}",
        storm.answered.len(),
        storm.refused.len(),
        storm.with_retry_after,
        percentiles(&storm.refused),
        storm.others,
    );
    let bound = 19 * hasher.workers + 64;
    println!(
        "most memory resident at any time: {:.1} MiB; {} hashing threads × 19 MiB + 64 MiB are {bound}",
        server.peak_mib(),
        hasher.workers,
    );
    println!();
    let waited = percentile(&seen.protected, 99).unwrap_or(Duration::MAX);
    let told = storm.with_retry_after == storm.refused.len() && storm.others == 0;
    [
        judge("99 of 100 of the others' requests took less than 50 ms", waited < PROMISED),
        judge("all of them were answered with 200", seen.failed == 0 && !seen.live.is_empty()),
        judge("memory stayed within its bound", server.peak_mib() <= bound as f64),
        judge(
            "some were refused, each with 503 and Retry-After",
            !storm.refused.is_empty() && told,
        ),
        judge("the others signed in", !storm.answered.is_empty()),
    ]
    .iter()
    .all(|kept| *kept)
}

fn judge(promise: &str, kept: bool) -> bool {
    println!("{}: {promise}", if kept { "pass" } else { "FAIL" });
    kept
}

async fn starts() {
    let mut first = Vec::new();
    let mut later = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..STARTS {
        let folder = Folder::new();
        first.push(Server::start(&folder).await.answered_after);
        let server = Server::start(&folder).await;
        later.push(server.answered_after);
        tokio::time::sleep(Duration::from_millis(500)).await;
        idle.push(server.resident_mib());
    }
    idle.sort_by(f64::total_cmp);
    println!("first start, to the first answer: {}", percentiles(&first));
    println!("later start, to the first answer: {}", percentiles(&later));
    println!("idle memory: {:.1} to {:.1} MiB", idle[0], idle[idle.len() - 1]);
}

fn tell(what: &str, seen: &Seen, server: &Server) {
    println!("\n{what}; {:.1} MiB resident", server.resident_mib());
    println!("  /health/live       {}", percentiles(&seen.live));
    println!("  /api/v1/protected  {}", percentiles(&seen.protected));
    if seen.failed > 0 {
        println!("  not answered with 200: {}", seen.failed);
    }
}
