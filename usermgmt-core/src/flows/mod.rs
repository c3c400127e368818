//! What people and services do with accounts: one file a family of operations,
//! each with its commands, outcomes, errors and logic.

pub mod confirm;
pub mod delete;
pub mod email_change;
pub mod links;
pub mod mfa;
pub mod password;
pub mod profile;
pub mod purge;
pub mod refresh;
pub mod register;
pub mod service_key;
pub mod sessions;
pub mod sign_in;
pub mod users;

mod compose;
