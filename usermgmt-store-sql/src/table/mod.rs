//! The tables: for each, its statements, how its rows are read, and the part of
//! the store's contract that it serves.

pub(crate) mod audit;
pub(crate) mod counters;
pub(crate) mod credentials;
pub(crate) mod factors;
pub(crate) mod identifiers;
pub(crate) mod outbox;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod users;

use serde::Serialize;

/// A list or map as the text that its column holds.
fn json<T: Serialize>(value: &T) -> String {
    // Infallible for what is stored so: lists and maps of texts and numbers.
    serde_json::to_string(value).unwrap_or_default()
}
