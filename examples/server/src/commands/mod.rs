//! What the program can be told to do, a command a file.

pub(crate) mod admin;
pub(crate) mod config;
pub(crate) mod doctor;
mod finding;
pub(crate) mod healthcheck;
pub(crate) mod housekeeping;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod outbox;
pub(crate) mod pages;
mod people;
#[cfg(feature = "oidc")]
mod providers;
mod rotation;
pub(crate) mod serve;
pub(crate) mod service_key;
mod started;
pub(crate) mod user;
