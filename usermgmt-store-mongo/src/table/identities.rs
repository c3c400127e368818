//! Who users are to providers. Issuer and subject are the key, which makes them one
//! user's.

use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::{IdentityId, UserId};
use usermgmt_core::store::{Guard, StoreError};

use crate::collections::IDENTITIES;
use crate::guard::Step;
use crate::value::{date, document, time};

#[derive(Serialize, Deserialize)]
struct Key {
    issuer: String,
    subject: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct IdentityRow {
    #[serde(rename = "_id")]
    key: Key,
    id: IdentityId,
    user_id: UserId,
    provider: String,
    email: Option<String>,
    created_at: DateTime,
    last_used_at: Option<DateTime>,
}

impl IdentityRow {
    fn new(identity: &Identity) -> Self {
        let key = Key { issuer: identity.issuer.clone(), subject: identity.subject.clone() };
        Self {
            key,
            id: identity.id.clone(),
            user_id: identity.user_id.clone(),
            provider: identity.provider.clone(),
            email: identity.email.clone(),
            created_at: date(identity.created_at),
            last_used_at: identity.last_used_at.map(date),
        }
    }

    pub(crate) fn into_identity(self) -> Identity {
        Identity {
            id: self.id,
            user_id: self.user_id,
            issuer: self.key.issuer,
            subject: self.key.subject,
            provider: self.provider,
            email: self.email,
            created_at: time(self.created_at),
            last_used_at: self.last_used_at.map(time),
        }
    }
}

pub(crate) fn key(issuer: &str, subject: &str) -> Document {
    doc! { "_id": { "issuer": issuer, "subject": subject } }
}

pub(crate) fn insert(identity: &Identity) -> Result<Step, StoreError> {
    let row = document(&IdentityRow::new(identity))?;
    Ok(Step::insert(IDENTITIES, row).or_taken(Guard::Identity))
}

pub(crate) fn note_use(user_id: &UserId, issuer: &str, subject: &str, at: Timestamp) -> Step {
    let mut filter = key(issuer, subject);
    filter.insert("user_id", user_id.as_str());
    let update = doc! { "$set": { "last_used_at": date(at) } };
    Step::update(IDENTITIES, filter, update).or(Guard::Identity)
}

pub(crate) fn delete(user_id: &UserId, id: &IdentityId) -> Step {
    let filter = doc! { "user_id": user_id.as_str(), "id": id.as_str() };
    Step::delete(IDENTITIES, filter).or(Guard::Identity)
}

pub(crate) fn delete_all(user_id: &UserId, since: Option<Timestamp>) -> Step {
    let mut filter = doc! { "user_id": user_id.as_str() };
    if let Some(since) = since {
        filter.insert("created_at", doc! { "$gte": date(since) });
    }
    Step::delete_all(IDENTITIES, filter)
}
