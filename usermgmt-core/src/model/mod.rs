//! What accounts are made of: plain types, parsed once and valid from then on.

pub mod audit;
pub mod factor;
pub mod identifier;
pub mod identity;
pub mod ids;
pub mod mail;
pub mod passkey;
pub mod profile;
pub mod record;
pub mod service_key;
pub mod session;
pub mod token;
pub mod user;
