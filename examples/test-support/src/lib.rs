//! What the tests of several crates start: a database for each test, the real
//! server in a folder of its own, helpers in Python, an authenticator app,
//! and proxies that lose messages. Whatever is missing fails the test and says what is needed.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod database;
mod full;
mod mail;
pub mod proxy;
mod python;
mod server;
pub mod totp;

pub use self::database::{Database, Kind, execute};
pub use self::full::full;
pub use self::mail::Mail;
pub use self::python::{Helper, part};
pub use self::server::{PASSWORD, Reply, Server, Setup, eventually, registered};
