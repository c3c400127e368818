//! The worker that sends queued mail: over the store in memory, through a
//! mailer that does what it is told, in time that only passes when nothing else
//! is left to do.

#![expect(clippy::unwrap_used, reason = "a test's helpers, too, fail by panicking")]

mod cut;
mod draining;
mod fixture;
mod flooding;
mod killing;
mod logged;
mod post;
mod trying;
mod working;
