//! What requests cost on SQLite, each beside the least that its work could cost:
//! the two take turns in one run, and the ratio of each turn is told at the end.
//!
//! The HTTP ones go over loopback connections that are kept open, one request at
//! a time on each, from a client that runs on the same processors.

#![expect(clippy::unwrap_used, reason = "without what it measures a benchmark has no result")]

mod access_token;
#[expect(dead_code, unused_imports, reason = "other benchmarks use the rest")]
#[path = "../common/mod.rs"]
mod common;
mod current_user;
mod refresh;
mod sign_in;
mod turns;
mod world;

fn main() {
    divan::main();
    if std::env::args().any(|arg| arg == "--bench") {
        turns::tell();
    }
}
