//! The tests that are the same on every database. Each file makes them for a
//! database by a macro, which wants `host_tests!` first: it has the databases.

#[macro_use]
mod hook;
#[macro_use]
mod host;
#[macro_use]
mod outbox;
#[macro_use]
pub(crate) mod migrations;
