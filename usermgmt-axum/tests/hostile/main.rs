//! What strangers and thieves try over HTTP: each test is an attack that must
//! come to nothing.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../http/harness.rs"]
#[expect(dead_code, reason = "shared with the tests of the contract, which need more of it")]
mod harness;

mod limits;
