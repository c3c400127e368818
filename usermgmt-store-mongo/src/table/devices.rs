//! Devices that users have signed in from.

use mongodb::bson::{DateTime, Document, doc};
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::UserId;

use crate::collections::DEVICES;
use crate::guard::Step;
use crate::value::date;

pub(crate) fn key(user_id: &UserId, device: &str) -> Document {
    doc! { "_id": { "user_id": user_id.as_str(), "device": device } }
}

#[derive(Deserialize)]
pub(crate) struct DeviceRow {
    pub(crate) used_at: DateTime,
}

pub(crate) fn remember(user_id: &UserId, device: &str, at: Timestamp) -> Step {
    Step::upsert(DEVICES, key(user_id, device), doc! { "$set": { "used_at": date(at) } })
}

pub(crate) fn forget(user_id: &UserId) -> Step {
    Step::delete_all(DEVICES, doc! { "_id.user_id": user_id.as_str() })
}
