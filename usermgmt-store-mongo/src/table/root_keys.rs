//! Fingerprints of root secrets.

use mongodb::bson::doc;
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;

use crate::collections::ROOT_KEYS;
use crate::guard::Step;
use crate::value::date;

#[derive(Deserialize)]
pub(crate) struct RootKeyRow {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) fingerprint: String,
}

pub(crate) fn insert(id: &str, fingerprint: &str, at: Timestamp) -> Step {
    let row = doc! { "_id": id, "fingerprint": fingerprint, "created_at": date(at) };
    Step::insert(ROOT_KEYS, row)
}
