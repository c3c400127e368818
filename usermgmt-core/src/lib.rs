//! User accounts for Rust services, without a framework: registration and
//! confirmation by mail, sign-in, sessions with rotating refresh tokens, password
//! reset, change of address, a second factor, and keys for a team's other services.
//!
//! The crate decides; a [`Store`] keeps accounts and a [`Mailer`] sends mail. There
//! are stores for SQLite, PostgreSQL and MySQL (`usermgmt-store-sql`) and MongoDB
//! (`usermgmt-store-mongo`), mailers for SMTP and Amazon SES (`usermgmt-mail`), and
//! routes and extractors for axum (`usermgmt-axum`).
//!
//! # An account, from registration to sign-in
//!
//! ```
//! # #[cfg(feature = "memory")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use tokio::sync::mpsc;
//! use usermgmt_core::flows::{Register, SignIn, SignInOutcome};
//! use usermgmt_core::mail::{MailError, Message};
//! use usermgmt_core::store::MemoryStore;
//! use usermgmt_core::{Auth, Client, Config, Email, KeyRing, Mailer, Username};
//!
//! /// A mailbox to look into; `usermgmt-mail` has mailers that send.
//! #[derive(Debug)]
//! struct Mailbox(mpsc::UnboundedSender<Message>);
//!
//! #[async_trait::async_trait]
//! impl Mailer for Mailbox {
//!     async fn send(&self, message: &Message) -> Result<(), MailError> {
//!         self.0.send(message.clone()).map_err(|error| MailError::Temporary(error.to_string()))
//!     }
//! }
//!
//! // In memory for a first try. The secret is 32 random bytes that never change.
//! let config = Config::new("https://example.org".parse()?);
//! let auth = Auth::builder(MemoryStore::new(), KeyRing::single((7..39).collect())?, config).build().await?;
//!
//! // Sends mail and deletes what has expired, beside whatever serves requests.
//! let (sender, mut mailbox) = mpsc::unbounded_channel();
//! let background = auth.clone();
//! tokio::spawn(async move { background.run(Arc::new(Mailbox(sender)), std::future::pending()).await });
//!
//! let client = Client::default(); // with the address, where there is a network
//! let password = "analytical engine no. 1";
//! let ada = Register::new(Username::parse("ada", 30)?, Email::parse("ada@example.org")?, password.into());
//! auth.register(&ada, &client).await?;
//!
//! // The mail has a link to a page of yours; what ends it is a token.
//! let mail = mailbox.recv().await.expect("a mail");
//! let link = mail.link.expect("a link").expose().clone();
//! let token = link.rsplit('/').next().expect("a token");
//! auth.confirm(token, &client).await?;
//!
//! match auth.sign_in(&SignIn::new("ada", password.into()), &client).await? {
//!     SignInOutcome::SignedIn(signed_in) => {
//!         let current = auth.current(signed_in.tokens.access_token.expose()).await?;
//!         assert_eq!(current.user.username.as_str(), "ada");
//!     }
//!     SignInOutcome::MfaRequired { .. } => unreachable!("Ada has no second factor"),
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "memory"))]
//! # fn main() {}
//! ```
//!
//! # Where to go next
//!
//! - [`flows`]: everything that people do, with an example each.
//! - [`Config`]: policies, each with its default; [`keys`]: root secrets and how to
//!   change them.
//! - [`Auth::run`]: what has to be done when nobody is asking.
//! - [`event`], [`claims`], [`password::PasswordRule`] and [`captcha`]: being told what
//!   happened, claims of your own in access tokens, a rule of your own about passwords,
//!   a proof to ask of strangers.
//! - [`store`]: writing a store, and the conformance suite in `testkit` that it is
//!   held to. [`mail`]: writing a mailer.
//! - `testkit` (feature `testkit`): a clock that stands, a mailbox, a store that
//!   fails, for tests of an application.
//!
//! # Features
//!
//! - `memory`: the store in memory.
//! - `oidc`: signing in by OpenID Connect providers and GitHub.
//! - `passkeys`: signing in by passkeys (WebAuthn).
//! - `testkit`: test doubles, sample rows and the conformance suite; has `memory`.

mod auth;
pub mod captcha;
mod causes;
pub mod claims;
pub mod clock;
pub mod config;
mod device;
pub mod event;
pub mod flows;
pub mod jwt;
pub mod keys;
pub mod mail;
pub mod metrics;
pub mod model;
#[cfg(feature = "oidc")]
pub mod oidc;
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
pub use crate::causes::with_causes;
pub use crate::config::{Config, ConfigError};
pub use crate::flows::Current;
pub use crate::jwt::AccessClaims;
pub use crate::keys::{KeyRing, RootSecret, RootState};
pub use crate::mail::Mailer;
pub use crate::model::audit::{Actor, Origin};
pub use crate::model::identifier::{Email, Username};
pub use crate::model::ids::UserId;
pub use crate::model::profile::{Profile, ProfileText};
pub use crate::model::session::Session;
pub use crate::model::user::{Role, User};
pub use crate::secret::{PlaintextPassword, Redacted};
pub use crate::store::Store;
