//! The tables: for each, its statements, how its rows are read, and the part of
//! the store's contract that it serves.

pub(crate) mod audit;
pub(crate) mod counters;
pub(crate) mod credentials;
pub(crate) mod directory;
pub(crate) mod factors;
pub(crate) mod identifiers;
pub(crate) mod identities;
pub(crate) mod outbox;
pub(crate) mod passkeys;
pub(crate) mod sessions;
pub(crate) mod tokens;
mod user_row;
pub(crate) mod users;
