//! Moving in at scale: how long sign-ins wait while accounts are imported into the
//! PostgreSQL that serves them, and what a million accounts cost where the import is
//! killed on the way. Prints what it finds; judging is left to who reads.

#![expect(clippy::unwrap_used, reason = "without what it measures a benchmark has no result")]
#![expect(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

#[expect(dead_code, unused_imports, reason = "other benchmarks use the rest")]
#[path = "../common/mod.rs"]
mod common;
mod meanwhile;
mod million;
mod people;
mod program;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know whether it runs at all.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let is_wanted =
        |name: &str| arguments.iter().all(|argument| argument.starts_with('-') || argument == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if is_wanted("meanwhile") {
        runtime.block_on(meanwhile::run());
    }
    if is_wanted("million") {
        runtime.block_on(million::run());
    }
}
