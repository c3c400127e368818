//! Addresses and names, and whose they are.

use mongodb::bson::{Document, doc};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::{Identifier, IdentifierKind};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::Guard;

use crate::collections::IDENTIFIERS;
use crate::guard::Step;
use crate::value::date;

/// All name spaces in one key, which is what makes a name one user's.
fn key(identifier: &Identifier) -> String {
    format!("{}:{}", identifier.kind().as_str(), identifier.canonical())
}

/// The identifier where it is held: `until` is absent or to come.
pub(crate) fn held(identifier: &Identifier, now: Timestamp) -> Document {
    doc! { "_id": key(identifier), "until": { "$not": { "$lte": date(now) } } }
}

fn of(identifier: &Identifier, user_id: &UserId) -> Document {
    doc! { "_id": key(identifier), "user_id": user_id.as_str() }
}

/// Where the filter does not match a document that is there, the insert that
/// the upsert becomes meets its key.
pub(crate) fn claim(
    identifier: &Identifier,
    user_id: Option<&UserId>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Step {
    let mut free = vec![doc! { "until": { "$lte": date(now) } }];
    let (mut set, mut unset) = (Document::new(), Document::new());
    match user_id {
        Some(user_id) => {
            free.push(doc! { "user_id": user_id.as_str() });
            set.insert("user_id", user_id.as_str());
        }
        None => {
            unset.insert("user_id", "");
        }
    }
    match until {
        Some(until) => set.insert("until", date(until)),
        None => unset.insert("until", ""),
    };
    let mut update = Document::new();
    for (operator, fields) in [("$set", set), ("$unset", unset)] {
        if !fields.is_empty() {
            update.insert(operator, fields);
        }
    }
    Step::upsert(IDENTIFIERS, doc! { "_id": key(identifier), "$or": free }, update)
        .or_taken(Guard::Taken(identifier.kind()))
}

pub(crate) fn hold(identifier: &Identifier, user_id: &UserId, until: Option<Timestamp>) -> Step {
    let update = match until {
        Some(until) => doc! { "$set": { "until": date(until) } },
        None => doc! { "$unset": { "until": "" } },
    };
    guarded(identifier, Step::update(IDENTIFIERS, of(identifier, user_id), update))
}

pub(crate) fn release(identifier: &Identifier, user_id: &UserId) -> Step {
    guarded(identifier, Step::delete(IDENTIFIERS, of(identifier, user_id)))
}

/// Only of a skeleton there need not be a document.
fn guarded(identifier: &Identifier, step: Step) -> Step {
    match identifier.kind() {
        IdentifierKind::Email | IdentifierKind::Username => step.or(Guard::Identifier),
        IdentifierKind::Skeleton => step,
    }
}

pub(crate) fn release_all(user_id: &UserId) -> Step {
    Step::delete_all(IDENTIFIERS, doc! { "user_id": user_id.as_str() })
}
