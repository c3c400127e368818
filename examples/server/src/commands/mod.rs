//! What the program can be told to do, a command a file.

pub(crate) mod config;
pub(crate) mod mail;
pub(crate) mod outbox;
pub(crate) mod serve;
pub(crate) mod service_key;
mod started;
