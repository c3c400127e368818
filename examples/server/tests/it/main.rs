//! The real server, run as a process. One binary for all of these tests, so
//! that they link once.

mod account;
mod common;
mod dev_mail;
mod readme;
mod server;
