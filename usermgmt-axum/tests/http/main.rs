//! Both APIs as clients see them: every row of the contract's tables, on the
//! store that `USERMGMT_TEST_HTTP_STORE` names: `memory` where it is not set, or
//! `sqlite`, `postgres`, `mysql`, `mongo`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod admin;
#[cfg(feature = "passkeys")]
mod authenticator;
mod callers;
mod document;
mod harness;
mod logs;
mod place;
mod service;
mod tab;

mod account_pages;
mod account_pages_matrix;
mod account_pages_protection;
mod admin_pages;
mod bad_input;
mod browser;
mod captcha;
mod claims;
mod compat;
mod extractors;
mod guessing;
mod host;
mod intake;
mod layers;
mod limits;
mod look;
mod mail_sign_in_pages;
mod matrix;
mod mfa;
mod mounting;
mod openapi;
mod page_templates;
mod pages;
#[cfg(feature = "passkeys")]
mod passkey_pages;
#[cfg(feature = "passkeys")]
mod passkeys;
mod password;
mod profile;
#[cfg(feature = "oidc")]
mod providers;
mod registration;
mod sessions;
mod sign_in;
mod sign_in_email;
mod users;
mod users_create;
mod users_mfa;
mod wire;
