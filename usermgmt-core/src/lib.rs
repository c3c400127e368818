//! User accounts without a framework.

pub mod clock;
pub mod mail;
pub mod model;
pub mod rng;
pub mod secret;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;
