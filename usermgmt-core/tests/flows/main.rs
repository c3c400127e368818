//! What people and services see when they use accounts: every flow through the
//! facade, over the store in memory, a clock that stands and a mailer that keeps
//! what it is given.

#![expect(clippy::unwrap_used, reason = "what fails to unwrap fails the test")]

mod admin_lists;
mod administering;
mod background;
mod browser;
mod builder;
mod captcha;
mod claims;
mod confirm;
mod delete;
mod email_change;
mod event;
mod faults;
mod fixture;
mod hostile;
mod jwt;
mod lookalikes;
mod mail_sign_in;
mod mfa;
mod mfa_sign_in;
mod outbox;
#[cfg(feature = "passkeys")]
mod passkeys;
mod password;
mod policies;
mod profile;
#[cfg(feature = "oidc")]
mod providers;
mod purge;
mod refresh;
mod refresh_crowd;
mod register;
mod rotation;
mod service_key;
mod session_races;
mod sessions;
mod sign_in;
mod transfer;
mod users;
