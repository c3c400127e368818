//! Second factors: the authenticator and the recovery codes, in the user's
//! document, so that every change of them is one operation and an account is
//! read as it was at one moment.
//!
//! Some of these changes have no guard: where there is no user, the document is
//! made without one.

use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::model::factor::{SealedSecret, Totp};
use usermgmt_core::model::ids::{FactorId, UserId};
use usermgmt_core::store::{Guard, StoreError};

use super::facets;
use crate::collections::{IS_USER, USERS};
use crate::guard::Step;
use crate::store::MongoStore;
use crate::value::{binary, date, document, present, time};

#[derive(Serialize, Deserialize)]
struct SecretRow {
    factor_id: FactorId,
    sealed: Binary,
    created_at: DateTime,
}

impl SecretRow {
    fn new(secret: &SealedSecret) -> Self {
        Self {
            factor_id: secret.factor_id.clone(),
            sealed: binary(&secret.sealed),
            created_at: date(secret.created_at),
        }
    }

    fn into_secret(self) -> SealedSecret {
        SealedSecret {
            factor_id: self.factor_id,
            sealed: self.sealed.bytes,
            created_at: time(self.created_at),
        }
    }
}

/// What is read of a user to find out under which key their secret is sealed.
#[derive(Deserialize)]
struct SealedRow {
    #[serde(rename = "_id")]
    id: String,
    totp: TotpRow,
}

/// How many users are read at a time.
const PAGE: usize = 1000;

impl MongoStore {
    /// Whether anybody's confirmed secret begins with these bytes.
    pub(crate) async fn any_sealed_with(&self, key: &[u8]) -> Result<bool, StoreError> {
        let mut after = String::new();
        loop {
            let filter = doc! { "_id": { "$gt": after }, "totp.confirmed": { "$exists": true } };
            let rows: Vec<SealedRow> = self.find(USERS, filter, doc! { "_id": 1 }, PAGE).await?;
            let mut secrets = rows.iter().filter_map(|row| row.totp.confirmed.as_ref());
            if secrets.any(|secret| secret.sealed.bytes.starts_with(key)) {
                return Ok(true);
            }
            match rows.into_iter().last() {
                Some(last) => after = last.id,
                None => return Ok(false),
            }
        }
    }
}

/// The authenticator, as a part of the user's document.
#[derive(Deserialize)]
pub(crate) struct TotpRow {
    confirmed: Option<SecretRow>,
    pending: Option<SecretRow>,
    #[serde(default)]
    last_step: i64,
}

impl TotpRow {
    /// There is none where nothing is confirmed or waits.
    pub(crate) fn into_totp(self) -> Option<Totp> {
        (self.confirmed.is_some() || self.pending.is_some()).then(|| Totp {
            confirmed: self.confirmed.map(SecretRow::into_secret),
            pending: self.pending.map(SecretRow::into_secret),
            last_step: self.last_step,
        })
    }
}

fn of(user_id: &UserId) -> Document {
    doc! { "_id": user_id.as_str() }
}

pub(crate) fn set_pending(user_id: &UserId, secret: &SealedSecret) -> Result<Step, StoreError> {
    let update = doc! { "$set": { "totp.pending": document(&SecretRow::new(secret))? } };
    Ok(Step::upsert(USERS, of(user_id), update))
}

pub(crate) fn confirm(user_id: &UserId, factor_id: &FactorId, step: i64) -> Step {
    let filter = doc! { "_id": user_id.as_str(), "totp.pending.factor_id": factor_id.as_str() };
    let update = doc! {
        "$rename": { "totp.pending": "totp.confirmed" },
        "$set": { "totp.last_step": step },
    };
    Step::update(USERS, filter, update).or(Guard::Factor)
}

pub(crate) fn reseal(user_id: &UserId, secret: &SealedSecret) -> Result<Step, StoreError> {
    let filter = doc! {
        "_id": user_id.as_str(),
        "totp.confirmed.factor_id": secret.factor_id.as_str(),
    };
    let update = doc! { "$set": { "totp.confirmed": document(&SecretRow::new(secret))? } };
    Ok(Step::update(USERS, filter, update).or(Guard::Factor))
}

pub(crate) fn use_step(user_id: &UserId, factor_id: &FactorId, step: i64) -> Step {
    let filter = doc! {
        "_id": user_id.as_str(),
        "totp.confirmed.factor_id": factor_id.as_str(),
        "totp.last_step": { "$lt": step },
    };
    Step::update(USERS, filter, doc! { "$set": { "totp.last_step": step } }).or(Guard::Factor)
}

pub(crate) fn drop_pending(user_id: &UserId) -> Step {
    Step::update(USERS, of(user_id), doc! { "$unset": { "totp.pending": "" } })
}

pub(crate) fn remove(user_id: &UserId) -> Step {
    let update = doc! { "$unset": { "totp": "" } };
    Step::update(USERS, of(user_id), update)
}

pub(crate) fn replace_codes(user_id: &UserId, hashes: &[String]) -> Step {
    Step::upsert(USERS, of(user_id), doc! { "$set": { "recovery_codes": hashes } })
}

pub(crate) fn use_code(user_id: &UserId, hash: &str) -> Step {
    let filter = doc! { "_id": user_id.as_str(), "recovery_codes": hash };
    let update = doc! { "$pull": { "recovery_codes": hash } };
    Step::update(USERS, filter, update).or(Guard::RecoveryCode)
}

/// Notes whether the user has an authenticator app, where an earlier version has not
/// left the document without facets: purge fills those in.
pub(crate) fn note_factor(user_id: &UserId) -> Step {
    let filter = doc! { "_id": user_id.as_str(), IS_USER: present(), "facets": present() };
    Step::update(USERS, filter, vec![facets::derive()])
}
