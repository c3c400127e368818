//! Passkeys.

use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{PasskeyId, UserId};
use usermgmt_core::model::passkey::Passkey;
use usermgmt_core::store::{Guard, StoreError};

use super::facets;
use super::users::by_id;
use crate::collections::{PASSKEYS, USERS};
use crate::guard::Step;
use crate::value::{date, document, time};

#[derive(Serialize, Deserialize)]
pub(super) struct PasskeyRow {
    #[serde(rename = "_id")]
    id: PasskeyId,
    user_id: UserId,
    handle: String,
    name: String,
    credential: String,
    counter: i64,
    backed_up: bool,
    created_at: DateTime,
    last_used_at: Option<DateTime>,
}

impl PasskeyRow {
    fn new(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id.clone(),
            user_id: passkey.user_id.clone(),
            handle: passkey.handle.clone(),
            name: passkey.name.clone(),
            credential: passkey.credential.clone(),
            counter: passkey.counter,
            backed_up: passkey.backed_up,
            created_at: date(passkey.created_at),
            last_used_at: passkey.last_used_at.map(date),
        }
    }

    pub(super) fn into_passkey(self) -> Passkey {
        Passkey {
            id: self.id,
            user_id: self.user_id,
            handle: self.handle,
            name: self.name,
            credential: self.credential,
            counter: self.counter,
            backed_up: self.backed_up,
            created_at: time(self.created_at),
            last_used_at: self.last_used_at.map(time),
        }
    }
}

fn of(id: &PasskeyId, user_id: &UserId) -> Document {
    doc! { "_id": id.as_str(), "user_id": user_id.as_str() }
}

pub(crate) fn insert(passkey: &Passkey) -> Result<Step, StoreError> {
    Ok(Step::insert(PASSKEYS, document(&PasskeyRow::new(passkey))?))
}

pub(crate) fn use_once(
    id: &PasskeyId,
    user_id: &UserId,
    (counter, to): (i64, i64),
    backed_up: bool,
    at: Timestamp,
) -> Step {
    let mut filter = of(id, user_id);
    filter.insert("counter", counter);
    let set = doc! { "counter": to, "backed_up": backed_up, "last_used_at": date(at) };
    Step::update(PASSKEYS, filter, doc! { "$set": set }).or(Guard::Passkey)
}

pub(crate) fn rename(id: &PasskeyId, user_id: &UserId, name: &str) -> Step {
    let update = doc! { "$set": { "name": name } };
    Step::update(PASSKEYS, of(id, user_id), update).or(Guard::Passkey)
}

pub(crate) fn remove(id: &PasskeyId, user_id: &UserId) -> Step {
    Step::delete(PASSKEYS, of(id, user_id)).or(Guard::Passkey)
}

pub(crate) fn remove_all(user_id: &UserId, since: Option<Timestamp>) -> Step {
    let mut filter = doc! { "user_id": user_id.as_str() };
    if let Some(since) = since {
        filter.insert("created_at", doc! { "$gte": date(since) });
    }
    Step::delete_all(PASSKEYS, filter)
}

/// Notes that the user has a passkey.
pub(crate) fn note_passkey(user_id: &UserId) -> Step {
    Step::update(USERS, by_id(user_id), facets::has_passkeys(true))
}

/// Notes whether the user still has a passkey.
pub(crate) fn note_passkeys_left(user_id: &UserId) -> Step {
    let theirs = doc! { "user_id": user_id.as_str() };
    Step::update_by(USERS, by_id(user_id), (PASSKEYS, theirs), facets::has_passkeys)
}
