//! User accounts without a framework.

mod auth;
pub mod claims;
pub mod clock;
pub mod config;
pub mod event;
pub mod flows;
pub mod jwt;
pub mod keys;
pub mod mail;
pub mod metrics;
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
mod typed;

pub use crate::auth::{Auth, AuthBuilder, BuildError, Client, ServiceError, Tokens};
pub use crate::config::{Config, ConfigError};
pub use crate::flows::Current;
pub use crate::jwt::AccessClaims;
pub use crate::keys::{KeyRing, RootSecret, RootState};
pub use crate::mail::Mailer;
pub use crate::model::identifier::{Email, Username};
pub use crate::model::ids::UserId;
pub use crate::model::profile::{Profile, ProfileText};
pub use crate::model::session::Session;
pub use crate::model::user::{Role, User};
pub use crate::secret::{PlaintextPassword, Redacted};
pub use crate::store::Store;
