//! Service keys.

use mongodb::bson::{DateTime, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::ServiceKeyId;
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::store::{Guard, StoreError};

use crate::collections::SERVICE_KEYS;
use crate::guard::Step;
use crate::value::{absent, date, document, time};

#[derive(Serialize, Deserialize)]
pub(crate) struct ServiceKeyRow {
    #[serde(rename = "_id")]
    id: ServiceKeyId,
    name: String,
    hash: String,
    allow_admin: bool,
    created_at: DateTime,
    last_used_at: Option<DateTime>,
    revoked_at: Option<DateTime>,
}

impl ServiceKeyRow {
    fn new(key: &ServiceKey) -> Self {
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            hash: key.hash.clone(),
            allow_admin: key.allow_admin,
            created_at: date(key.created_at),
            last_used_at: key.last_used_at.map(date),
            revoked_at: key.revoked_at.map(date),
        }
    }

    pub(crate) fn into_key(self) -> ServiceKey {
        ServiceKey {
            id: self.id,
            name: self.name,
            hash: self.hash,
            allow_admin: self.allow_admin,
            created_at: time(self.created_at),
            last_used_at: self.last_used_at.map(time),
            revoked_at: self.revoked_at.map(time),
        }
    }
}

pub(crate) fn insert(key: &ServiceKey) -> Result<Step, StoreError> {
    Ok(Step::insert(SERVICE_KEYS, document(&ServiceKeyRow::new(key))?))
}

pub(crate) fn revoke(id: &ServiceKeyId, at: Timestamp) -> Step {
    let filter = doc! { "_id": id.as_str(), "revoked_at": absent() };
    let update = doc! { "$set": { "revoked_at": date(at) } };
    Step::update(SERVICE_KEYS, filter, update).or(Guard::ServiceKey)
}

pub(crate) fn touch(id: &ServiceKeyId, at: Timestamp) -> Step {
    let update = doc! { "$set": { "last_used_at": date(at) } };
    Step::update(SERVICE_KEYS, doc! { "_id": id.as_str() }, update)
}
