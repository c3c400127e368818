//! Users.

use async_trait::async_trait;
use mongodb::bson::{Bson, DateTime, Document, doc};
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::{Identifier, IdentifierKind};
use usermgmt_core::model::ids::{SessionId, UserId};
use usermgmt_core::model::session::Session;
use usermgmt_core::model::user::{Account, PasswordHash, Role, User};
use usermgmt_core::store::directory::name_key;
use usermgmt_core::store::{Guard, StoreError, UserPatch, UserStore};

use super::sessions::SessionRow;
use super::user_row::{SECRETS, UserRow, look_up, whole_as, without_secrets};
use super::{facets, identifiers};
use crate::collections::{IDENTIFIERS, IS_USER, SESSIONS, TURNS, USERS};
use crate::guard::Step;
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

pub(super) fn by_id(id: &UserId) -> Document {
    doc! { "_id": id.as_str(), IS_USER: present() }
}

fn by_id_at(id: &UserId, epoch: i64) -> Document {
    doc! { "_id": id.as_str(), IS_USER: present(), "epoch": epoch }
}

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

/// Where a user has the id, or what is left of one, the insert that the upsert
/// becomes meets it.
pub(crate) fn insert(user: &User, password: Option<&PasswordHash>) -> Result<Step, StoreError> {
    let mut fields = document(&UserRow::new(user, password))?;
    fields.remove("_id");
    fields.extend(facets::of_new(user));
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
    fields.patch("email_confirmed_at", set.email_confirmed_at.map(|at| at.map(date)));
    fields.patch("unconfirmed_until", set.unconfirmed_until.map(|until| until.map(date)));
    for (name, key) in [(&set.first_name, "first_name_key"), (&set.last_name, "last_name_key")] {
        fields.patch(key, name.as_ref().map(|name| Some(name_key(name.as_deref()))));
    }
    fields.patch("first_name", set.first_name.as_ref().map(Option::as_deref));
    fields.patch("last_name", set.last_name.as_ref().map(Option::as_deref));
    fields.patch("gender", set.gender.as_ref().map(Option::as_deref));
    fields.patch("role", set.role.map(|role| Some(role.as_str())));
    fields.patch("locale", set.locale.as_ref().map(Option::as_deref));
    fields.patch("disabled_at", set.disabled_at.map(|at| at.map(date)));
    let password = set.password.as_ref();
    fields.patch("password", password.map(|hash| hash.as_ref().map(PasswordHash::expose)));
    let counted = doc! { "$set": {
        "epoch": { "$add": ["$epoch", i64::from(raise_epoch)] },
        "writes": { "$add": [{ "$ifNull": ["$writes", 0_i64] }, 1_i64] },
    } };
    let mut stages = fields.into_stages();
    stages.extend([counted, facets::derive()]);
    Step::update(USERS, by_id_at(id, epoch), stages).or(Guard::User)
}

/// Notes when the user last signed in.
pub(crate) fn note_sign_in(id: &UserId, at: Timestamp) -> Step {
    let filter = doc! { "_id": id.as_str(), IS_USER: present() };
    Step::update(USERS, filter, doc! { "$set": { "last_sign_in_at": date(at) } })
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

    /// The stages of an update. Values are literal: a name may begin with a `$`.
    fn into_stages(self) -> Vec<Document> {
        let set: Document = self
            .set
            .into_iter()
            .map(|(name, value)| (name, Bson::from(doc! { "$literal": value })))
            .collect();
        let mut stages = vec![doc! { "$set": set }];
        if !self.unset.is_empty() {
            stages.push(doc! { "$unset": self.unset.keys().cloned().collect::<Vec<_>>() });
        }
        stages
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

/// What purge reads of a user whose document an earlier version has written.
#[derive(Deserialize)]
struct Behind {
    first_name: Option<String>,
    last_name: Option<String>,
    updated_at: DateTime,
}

#[derive(Deserialize)]
struct Opened {
    created_at: DateTime,
}

impl MongoStore {
    /// Fills in what lists are read by, where the document is still the one that
    /// was read, and says how many it were.
    pub(crate) async fn catch_up(&self, id: &Bson) -> Result<u64, StoreError> {
        let filter = doc! { "_id": id, IS_USER: present() };
        let Some(user): Option<Behind> = self.find_one(USERS, filter).await? else {
            return Ok(0);
        };
        let last: Vec<Opened> =
            self.find(SESSIONS, doc! { "user_id": id }, doc! { "created_at": -1 }, 1).await?;
        let mut fields = doc! {
            "first_name_key": { "$literal": name_key(user.first_name.as_deref()) },
            "last_name_key": { "$literal": name_key(user.last_name.as_deref()) },
        };
        if let Some(session) = last.first() {
            fields.insert("last_sign_in_at", session.created_at);
        }
        let filter = doc! { "_id": id, IS_USER: present(), "updated_at": user.updated_at };
        let stages = vec![doc! { "$set": fields }, facets::derive()];
        let users = self.collection::<Document>(USERS);
        Ok(self.ask(|| users.update_one(filter.clone(), stages.clone())).await?.matched_count)
    }

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
