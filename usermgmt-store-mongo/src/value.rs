//! Values as documents have them.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc, serialize_to_document};
use serde::Serialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::StoreError;

pub(crate) fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.as_millis())
}

pub(crate) fn time(date: DateTime) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}

/// Random ids are kept as bytes, whose order is that of the ids.
pub(crate) fn binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

pub(crate) fn id_bytes(binary: Binary) -> Result<[u8; 16], StoreError> {
    binary.bytes.try_into().map_err(|_| unreadable("an id"))
}

/// What a row of this store cannot hold was not written by it.
pub(crate) fn unreadable(what: &str) -> StoreError {
    StoreError::Failed(format!("{what} in the database cannot be read"))
}

/// The row as a document. What is `None` is left out, not null: a sparse index
/// has no entry for it then.
pub(crate) fn document(row: &impl Serialize) -> Result<Document, StoreError> {
    let document = serialize_to_document(row)
        .map_err(|_| StoreError::Failed("a row cannot be written as BSON".to_owned()))?;
    Ok(document.into_iter().filter(|(_, value)| *value != Bson::Null).collect())
}

/// The condition that a field is not there.
pub(crate) fn absent() -> Document {
    doc! { "$exists": false }
}

/// The condition that a field is there.
pub(crate) fn present() -> Document {
    doc! { "$exists": true }
}
