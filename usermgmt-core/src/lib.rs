//! User accounts without a framework.

mod admission;
pub mod auth;
pub mod clock;
pub mod config;
pub mod flows;
pub mod jwt;
pub mod keys;
mod limits;
pub mod mail;
pub mod model;
pub mod outbox;
pub mod password;
mod qr;
pub mod rng;
mod seal;
pub mod secret;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;
mod token;
mod totp;
