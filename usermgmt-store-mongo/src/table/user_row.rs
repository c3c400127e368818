//! A user's document.

use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::model::user::{Account, PasswordHash, Role, User};
use usermgmt_core::store::directory::ListedUser;

use super::facets::MFA;
use super::factors::TotpRow;
use crate::value::{date, time};

/// A user's document. What is left of a deleted user until purge has a
/// `deleted_at` and no `username`, and no read finds it.
///
/// Every change of a user also counts up `writes`: an update that changes
/// nothing takes no part in a transaction, and two of them would pass each other.
#[derive(Serialize, Deserialize)]
pub(super) struct UserRow {
    #[serde(rename = "_id")]
    id: UserId,
    username: String,
    username_key: String,
    email: String,
    email_key: String,
    email_confirmed_at: Option<DateTime>,
    unconfirmed_until: Option<DateTime>,
    first_name: Option<String>,
    last_name: Option<String>,
    gender: Option<String>,
    role: Role,
    locale: Option<String>,
    disabled_at: Option<DateTime>,
    created_at: DateTime,
    updated_at: DateTime,
    epoch: i64,
    password: Option<String>,
    last_sign_in_at: Option<DateTime>,
    #[serde(skip_serializing)]
    facets: Option<i64>,
    #[serde(skip_serializing)]
    totp: Option<TotpRow>,
}

/// What of a document is read with an account and not with a user.
pub(super) const SECRETS: [&str; 3] = ["password", "totp", "recovery_codes"];

impl UserRow {
    pub(super) fn new(user: &User, password: Option<&PasswordHash>) -> Self {
        Self {
            id: user.id.clone(),
            username: user.username.as_str().to_owned(),
            username_key: user.username.canonical().to_owned(),
            email: user.email.as_str().to_owned(),
            email_key: user.email.canonical().to_owned(),
            email_confirmed_at: user.email_confirmed_at.map(date),
            unconfirmed_until: user.unconfirmed_until.map(date),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            gender: user.gender.clone(),
            role: user.role,
            locale: user.locale.clone(),
            disabled_at: user.disabled_at.map(date),
            created_at: date(user.created_at),
            updated_at: date(user.updated_at),
            epoch: user.epoch,
            password: password.map(|hash| hash.expose().to_owned()),
            last_sign_in_at: None,
            facets: None,
            totp: None,
        }
    }

    pub(super) fn into_account(mut self) -> Account {
        let password = self.password.take().map(PasswordHash::from_stored);
        let totp = self.totp.take().and_then(TotpRow::into_totp);
        Account { user: self.into_user(), password, totp }
    }

    pub(super) fn into_listed(self) -> ListedUser {
        let last_sign_in_at = self.last_sign_in_at.map(time);
        let mfa_enabled = self.facets.is_some_and(|facets| facets & MFA != 0);
        ListedUser { user: self.into_user(), mfa_enabled, last_sign_in_at }
    }

    pub(super) fn into_user(self) -> User {
        User {
            id: self.id,
            username: Username::from_stored(self.username, self.username_key),
            email: Email::from_stored(self.email, self.email_key),
            email_confirmed_at: self.email_confirmed_at.map(time),
            unconfirmed_until: self.unconfirmed_until.map(time),
            first_name: self.first_name,
            last_name: self.last_name,
            gender: self.gender,
            role: self.role,
            locale: self.locale,
            disabled_at: self.disabled_at.map(time),
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
            epoch: self.epoch,
        }
    }
}

/// The document as a part of the pipeline's answer.
pub(super) fn whole_as(name: &str) -> Document {
    doc! { "$project": { "_id": 0, name: "$$ROOT" } }
}

/// Adds the documents of this collection whose key is in this field.
pub(super) fn look_up(collection: &str, field: &str, name: &str) -> Document {
    doc! { "$lookup": {
        "from": collection, "localField": field, "foreignField": "_id", "as": name,
    } }
}

/// Leaves out what only an account has.
pub(super) fn without_secrets(user: &str) -> Document {
    let fields: Vec<String> = SECRETS.iter().map(|name| format!("{user}.{name}")).collect();
    doc! { "$unset": fields }
}
