//! Users.

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, doc};
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::{Identifier, IdentifierKind};
use usermgmt_core::model::ids::{SessionId, UserId};
use usermgmt_core::model::session::Session;
use usermgmt_core::model::user::{Account, PasswordHash, Role, User};
use usermgmt_core::store::{Guard, StoreError, UserPatch, UserStore};

use super::identifiers;
use super::sessions::SessionRow;
use super::user_row::{IS_USER, SECRETS, UserRow, look_up, whole_as, without_secrets};
use crate::guard::Step;
use crate::schema::{IDENTIFIERS, SESSIONS, TURNS, USERS};
use crate::store::MongoStore;
use crate::value::{absent, binary, date, document, present};

#[derive(Deserialize)]
struct FoundUser {
    user: UserRow,
}

#[derive(Deserialize)]
struct UserWithSessions {
    user: UserRow,
    sessions: Vec<SessionRow>,
}

fn by_id(id: &UserId) -> Document {
    doc! { "_id": id.as_str(), IS_USER: present() }
}

fn by_id_at(id: &UserId, epoch: i64) -> Document {
    doc! { "_id": id.as_str(), IS_USER: present(), "epoch": epoch }
}

/// Where a user has the id, or what is left of one, the insert that the upsert
/// becomes meets it.
/// Waits for the other lists that take an administrator away: of two
/// transactions that write the same document one begins anew.
pub(crate) fn lock_admins() -> Step {
    Step::upsert(TURNS, doc! { "_id": "admins" }, doc! { "$inc": { "turn": 1_i64 } })
}

pub(crate) fn require_admin_besides(id: &UserId) -> Step {
    let filter = doc! {
        "role": Role::Admin.as_str(),
        "_id": { "$ne": id.as_str() },
        "email_confirmed_at": present(),
        "disabled_at": absent(),
    };
    Step::find(USERS, filter).or(Guard::LastAdmin)
}

pub(crate) fn insert(user: &User, password: Option<&PasswordHash>) -> Result<Step, StoreError> {
    let mut fields = document(&UserRow::new(user, password))?;
    fields.remove("_id");
    let free = doc! { "_id": user.id.as_str(), IS_USER: absent(), "deleted_at": absent() };
    Ok(Step::upsert(USERS, free, doc! { "$set": fields }).or_taken(Guard::Exists))
}

pub(crate) fn touch(id: &UserId, active: bool, epoch: i64) -> Step {
    let mut filter = by_id_at(id, epoch);
    if active {
        filter.insert("email_confirmed_at", present());
        filter.insert("disabled_at", absent());
    }
    Step::update(USERS, filter, doc! { "$inc": { "writes": 1_i64 } }).or(Guard::User)
}

pub(crate) fn update(
    id: &UserId,
    epoch: i64,
    raise_epoch: bool,
    at: Timestamp,
    set: &UserPatch,
) -> Step {
    let mut fields = Fields::default();
    fields.set("updated_at", Some(date(at)));
    if let Some(username) = &set.username {
        fields.set("username", Some(username.as_str()));
        fields.set("username_key", Some(username.canonical()));
    }
    if let Some(email) = &set.email {
        fields.set("email", Some(email.as_str()));
        fields.set("email_key", Some(email.canonical()));
    }
    if let Some(confirmed_at) = set.email_confirmed_at {
        fields.set("email_confirmed_at", Some(date(confirmed_at)));
    }
    fields.patch("unconfirmed_until", set.unconfirmed_until.map(|until| until.map(date)));
    fields.patch("first_name", set.first_name.as_ref().map(Option::as_deref));
    fields.patch("last_name", set.last_name.as_ref().map(Option::as_deref));
    fields.patch("gender", set.gender.as_ref().map(Option::as_deref));
    fields.patch("role", set.role.map(|role| Some(role.as_str())));
    fields.patch("locale", set.locale.as_ref().map(Option::as_deref));
    fields.patch("disabled_at", set.disabled_at.map(|at| at.map(date)));
    let password = set.password.as_ref();
    fields.patch("password", password.map(|hash| hash.as_ref().map(PasswordHash::expose)));
    let mut update = fields.into_update();
    update.insert("$inc", doc! { "epoch": i64::from(raise_epoch), "writes": 1_i64 });
    Step::update(USERS, by_id_at(id, epoch), update).or(Guard::User)
}

/// Fields to write and fields to remove.
#[derive(Default)]
struct Fields {
    set: Document,
    unset: Document,
}

impl Fields {
    fn set(&mut self, name: &str, value: Option<impl Into<Bson>>) {
        match value {
            Some(value) => self.set.insert(name, value),
            None => self.unset.insert(name, ""),
        };
    }

    fn patch(&mut self, name: &str, value: Option<Option<impl Into<Bson>>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn into_update(self) -> Document {
        let operators = [("$set", self.set), ("$unset", self.unset)];
        operators
            .into_iter()
            .filter(|(_, fields)| !fields.is_empty())
            .map(|(operator, fields)| (operator.to_owned(), Bson::Document(fields)))
            .collect()
    }
}

pub(crate) fn delete(id: &UserId, epoch: i64, at: Timestamp) -> Step {
    let tombstone = doc! {
        "_id": "$_id",
        "epoch": { "$add": ["$epoch", 1_i64] },
        "deleted_at": date(at),
        "totp": "$totp",
        "recovery_codes": "$recovery_codes",
    };
    let replace = vec![doc! { "$replaceWith": tombstone }];
    Step::update(USERS, by_id_at(id, epoch), replace).or(Guard::User)
}

#[async_trait]
impl UserStore for MongoStore {
    async fn account(&self, id: &UserId) -> Result<Option<Account>, StoreError> {
        let row: Option<UserRow> = self.find_one(USERS, by_id(id)).await?;
        Ok(row.map(UserRow::into_account))
    }

    async fn account_by_identifier(
        &self,
        identifier: &Identifier,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let present = match identifier.kind() {
            IdentifierKind::Email => "user.email_key",
            IdentifierKind::Username => "user.username_key",
            IdentifierKind::Skeleton => return Ok(None),
        };
        let pipeline = vec![
            doc! { "$match": identifiers::held(identifier, now) },
            look_up(USERS, "user_id", "user"),
            doc! { "$unwind": "$user" },
            doc! { "$match": {
                present: { "$eq": identifier.canonical() },
                "user.unconfirmed_until": { "$not": { "$lte": date(now) } },
            } },
        ];
        let row: Option<FoundUser> = self.aggregate_one(IDENTIFIERS, pipeline).await?;
        Ok(row.map(|found| found.user.into_account()))
    }

    async fn is_taken(
        &self,
        identifier: &Identifier,
        except: Option<&UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut filter = identifiers::held(identifier, now);
        if let Some(except) = except {
            filter.insert("user_id", doc! { "$ne": except.as_str() });
        }
        Ok(!self.find_ids(IDENTIFIERS, filter, doc! {}, 1).await?.is_empty())
    }

    /// One statement: both are found by their keys, in one round trip.
    async fn user_with_session(
        &self,
        user: &UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<(User, Option<Session>)>, StoreError> {
        let its_own = doc! {
            "_id": binary(session.as_bytes()),
            "user_id": user.as_str(),
            "expires_at": { "$gt": date(now) },
        };
        let pipeline = vec![
            doc! { "$match": by_id(user) },
            whole_as("user"),
            without_secrets("user"),
            doc! { "$lookup": {
                "from": SESSIONS, "pipeline": [{ "$match": its_own }], "as": "sessions",
            } },
        ];
        let row: Option<UserWithSessions> = self.aggregate_one(USERS, pipeline).await?;
        let Some(UserWithSessions { user, mut sessions }) = row else {
            return Ok(None);
        };
        let session = sessions.pop().map(SessionRow::into_session).transpose()?;
        Ok(Some((user.into_user(), session)))
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, StoreError> {
        let after = after.map_or("", UserId::as_str);
        let filter = doc! { "_id": { "$gt": after }, IS_USER: present() };
        self.find_users(filter, doc! { "_id": 1 }, limit).await
    }

    async fn unconfirmed_users(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<User>, StoreError> {
        let filter = doc! { "unconfirmed_until": { "$lte": date(now) } };
        self.find_users(filter, doc! { "unconfirmed_until": 1 }, limit).await
    }
}

impl MongoStore {
    async fn find_users(
        &self,
        filter: Document,
        order: Document,
        limit: usize,
    ) -> Result<Vec<User>, StoreError> {
        let rows: Vec<UserRow> = self.find_but(USERS, filter, order, limit, &SECRETS).await?;
        Ok(rows.into_iter().map(UserRow::into_user).collect())
    }
}
