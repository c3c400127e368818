//! A file for each collection: its documents, its reads, and the operations of its changes.

pub(crate) mod audit;
pub(crate) mod counters;
pub(crate) mod credentials;
pub(crate) mod devices;
pub(crate) mod directory;
pub(crate) mod facets;
pub(crate) mod factors;
pub(crate) mod identifiers;
pub(crate) mod identities;
pub(crate) mod outbox;
pub(crate) mod passkeys;
pub(crate) mod root_keys;
pub(crate) mod service_keys;
pub(crate) mod sessions;
pub(crate) mod tokens;
mod user_row;
pub(crate) mod users;
