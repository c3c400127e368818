//! Users, present and deleted.

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::{Identifier, IdentifierKind};
use usermgmt_core::model::ids::{SessionId, UserId};
use usermgmt_core::model::session::Session;
use usermgmt_core::model::user::{Account, PasswordHash, User};
use usermgmt_core::store::directory::name_key;
use usermgmt_core::store::{Guard, StoreError, UserPatch, UserStore};

use super::user_row::{user, user_columns};
use super::{factors, identifiers, sessions};
use crate::guard::Step;
use crate::row::Row;
use crate::sql::{Statement, Value, limit, statement};
use crate::store::SqlStore;

/// An account's columns, in the order in which [`account`] reads them.
macro_rules! account_columns {
    () => {
        concat!(
            user_columns!(),
            ", u.password_hash, t.confirmed_id, t.confirmed_sealed, t.confirmed_at, \
             t.pending_id, t.pending_sealed, t.pending_at, t.last_step"
        )
    };
}

fn account(row: &Row) -> Result<Account, StoreError> {
    let mut row = row.columns();
    Ok(Account {
        user: user(&mut row)?,
        password: row.opt_text()?.map(PasswordHash::from_stored),
        totp: factors::totp(&mut row)?,
    })
}

pub(crate) fn select_account(id: &UserId) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        account_columns!(),
        " FROM usermgmt_users u LEFT JOIN usermgmt_totp t ON t.user_id = u.id \
         WHERE u.id = ? AND u.deleted_at IS NULL"
    ))
    .bind(id)
}

/// The identifier leads to the user; that it is the user's *present* one is
/// what the user's own row says.
pub(crate) fn select_account_by_identifier(
    identifier: &Identifier,
    now: Timestamp,
) -> Statement<'_> {
    macro_rules! by {
        ($canonical:literal) => {
            concat!(
                "SELECT ",
                account_columns!(),
                " FROM usermgmt_identifiers i JOIN usermgmt_users u ON u.id = i.user_id \
                 LEFT JOIN usermgmt_totp t ON t.user_id = u.id \
                 WHERE i.kind = ? AND i.canonical = ? \
                 AND (i.held_until IS NULL OR i.held_until > ?) AND ",
                $canonical,
                " = i.canonical AND (u.unconfirmed_until IS NULL OR u.unconfirmed_until > ?) \
                 AND u.deleted_at IS NULL"
            )
        };
    }
    statement(match identifier.kind() {
        IdentifierKind::Email => by!("u.email_canonical"),
        IdentifierKind::Username => by!("u.username_canonical"),
        // Equal to nothing: nobody is found by what their name looks like.
        IdentifierKind::Skeleton => by!("NULL"),
    })
    .bind(identifier.kind().as_str())
    .bind(identifier.canonical())
    .bind(now)
    .bind(now)
}

pub(crate) fn select_with_session(
    id: &UserId,
    session: SessionId,
    now: Timestamp,
) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        user_columns!(),
        ", ",
        sessions::session_columns!(),
        " FROM usermgmt_users u LEFT JOIN usermgmt_sessions s \
         ON s.id = ? AND s.user_id = u.id AND s.expires_at > ? \
         WHERE u.id = ? AND u.deleted_at IS NULL"
    ))
    .bind(session)
    .bind(now)
    .bind(id)
}

pub(crate) fn select_page(after: Option<&UserId>, rows: usize) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        user_columns!(),
        " FROM usermgmt_users u WHERE u.id > ? AND u.deleted_at IS NULL ORDER BY u.id LIMIT ?"
    ))
    // Every id comes after the empty text.
    .bind(after.map_or("", UserId::as_str))
    .bind(limit(rows))
}

pub(crate) fn select_unconfirmed(now: Timestamp, rows: usize) -> Statement<'static> {
    statement(concat!(
        "SELECT ",
        user_columns!(),
        " FROM usermgmt_users u WHERE u.unconfirmed_until <= ? AND u.deleted_at IS NULL \
         ORDER BY u.unconfirmed_until, u.id LIMIT ?"
    ))
    .bind(now)
    .bind(limit(rows))
}

/// The row that all lists write which take an administrator away.
const ADMINS: &str = "admins";

/// Waits for the other lists that take one away.
pub(crate) fn lock_admins() -> Step<'static> {
    statement("UPDATE usermgmt_turns SET turn = turn + 1 WHERE name = ?")
        .bind(ADMINS)
        .one_row(Guard::LastAdmin)
}

/// A statement of its own: only now it sees what those have written.
pub(crate) fn require_admin_besides(id: &UserId) -> Step<'_> {
    statement(
        "UPDATE usermgmt_turns SET turn = turn + 1 WHERE name = ? AND EXISTS \
         (SELECT 1 FROM usermgmt_users WHERE role = 'admin' AND id <> ? \
         AND email_confirmed_at IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL)",
    )
    .bind(ADMINS)
    .bind(id)
    .one_row(Guard::LastAdmin)
}

pub(crate) fn insert<'a>(user: &'a User, password: Option<&'a PasswordHash>) -> Step<'a> {
    statement(
        "INSERT INTO usermgmt_users (id, username, username_canonical, email, email_canonical, \
         email_confirmed_at, unconfirmed_until, first_name, last_name, gender, role, locale, \
         disabled_at, created_at, updated_at, epoch, password_hash, first_name_key, \
         last_name_key, indexed_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&user.id)
    .bind(user.username.as_str())
    .bind(user.username.canonical())
    .bind(user.email.as_str())
    .bind(user.email.canonical())
    .bind(user.email_confirmed_at)
    .bind(user.unconfirmed_until)
    .bind(user.first_name.as_deref())
    .bind(user.last_name.as_deref())
    .bind(user.gender.as_deref())
    .bind(user.role.as_str())
    .bind(user.locale.as_deref())
    .bind(user.disabled_at)
    .bind(user.created_at)
    .bind(user.updated_at)
    .bind(user.epoch)
    .bind(password.map(PasswordHash::expose))
    .bind(name_key(user.first_name.as_deref()))
    .bind(name_key(user.last_name.as_deref()))
    .bind(user.updated_at)
    .new_key(Guard::Exists)
}

pub(crate) fn touch(id: &UserId, active: bool, epoch: i64) -> Step<'_> {
    statement(if active {
        "UPDATE usermgmt_users SET epoch = epoch WHERE id = ? AND epoch = ? \
         AND deleted_at IS NULL AND email_confirmed_at IS NOT NULL AND disabled_at IS NULL"
    } else {
        "UPDATE usermgmt_users SET epoch = epoch WHERE id = ? AND epoch = ? \
         AND deleted_at IS NULL"
    })
    .bind(id)
    .bind(epoch)
    .one_row(Guard::User)
}

pub(crate) fn update<'a>(
    id: &'a UserId,
    epoch: i64,
    raise_epoch: bool,
    at: Timestamp,
    set: &'a UserPatch,
) -> Step<'a> {
    // In this order, because MySQL's later assignments see the earlier ones. What
    // was behind stays so.
    let mut assignments = vec![
        "indexed_at = CASE WHEN indexed_at = updated_at THEN ? END",
        "updated_at = ?",
        "epoch = epoch + ?",
    ];
    let mut values: Vec<Value<'a>> = vec![at.into(), at.into(), raise_epoch.into()];
    let mut assign = |assignment, value| {
        assignments.push(assignment);
        values.push(value);
    };
    let UserPatch {
        username,
        email,
        email_confirmed_at,
        unconfirmed_until,
        first_name,
        last_name,
        gender,
        role,
        locale,
        disabled_at,
        password,
    } = set;
    if let Some(username) = username {
        assign("username = ?", username.as_str().into());
        assign("username_canonical = ?", username.canonical().into());
    }
    if let Some(email) = email {
        assign("email = ?", email.as_str().into());
        assign("email_canonical = ?", email.canonical().into());
    }
    if let Some(time) = email_confirmed_at {
        assign("email_confirmed_at = ?", (*time).into());
    }
    if let Some(time) = unconfirmed_until {
        assign("unconfirmed_until = ?", (*time).into());
    }
    if let Some(name) = first_name {
        assign("first_name = ?", name.as_deref().into());
        assign("first_name_key = ?", name_key(name.as_deref()).into());
    }
    if let Some(name) = last_name {
        assign("last_name = ?", name.as_deref().into());
        assign("last_name_key = ?", name_key(name.as_deref()).into());
    }
    if let Some(gender) = gender {
        assign("gender = ?", gender.as_deref().into());
    }
    if let Some(role) = role {
        assign("role = ?", role.as_str().into());
    }
    if let Some(locale) = locale {
        assign("locale = ?", locale.as_deref().into());
    }
    if let Some(time) = disabled_at {
        assign("disabled_at = ?", (*time).into());
    }
    if let Some(password) = password {
        let hash = password.as_ref().map(PasswordHash::expose);
        assign("password_hash = ?", hash.into());
    }
    let mut update = statement(format!(
        "UPDATE usermgmt_users SET {} WHERE id = ? AND epoch = ? AND deleted_at IS NULL",
        assignments.join(", ")
    ));
    update.values = values;
    update.bind(id).bind(epoch).one_row(Guard::User)
}

/// A tombstone: nothing personal is left, and no statement but purge's finds it.
pub(crate) fn delete(id: &UserId, epoch: i64, at: Timestamp) -> Step<'_> {
    statement(
        "UPDATE usermgmt_users SET username = '', username_canonical = '', email = '', \
         email_canonical = '', email_confirmed_at = NULL, unconfirmed_until = NULL, \
         first_name = NULL, last_name = NULL, gender = NULL, role = '', locale = NULL, \
         disabled_at = NULL, updated_at = ?, epoch = epoch + 1, password_hash = NULL, \
         mfa = 0, last_sign_in_at = NULL, first_name_key = '', last_name_key = '', \
         indexed_at = NULL, \
         deleted_at = ? WHERE id = ? AND epoch = ? AND deleted_at IS NULL",
    )
    .bind(at)
    .bind(at)
    .bind(id)
    .bind(epoch)
    .one_row(Guard::User)
}

/// Notes when the user last signed in.
pub(crate) fn note_sign_in(id: &UserId, at: Timestamp) -> Step<'_> {
    statement("UPDATE usermgmt_users SET last_sign_in_at = ? WHERE id = ? AND deleted_at IS NULL")
        .bind(at)
        .bind(id)
        .anything()
}

/// Whether the user of this id, which is bound twice, has a second factor.
macro_rules! has_factor {
    () => {
        "CASE WHEN EXISTS (SELECT 1 FROM usermgmt_totp t \
         WHERE t.user_id = ? AND t.confirmed_id IS NOT NULL) \
         OR EXISTS (SELECT 1 FROM usermgmt_passkeys p WHERE p.user_id = ?) THEN 1 ELSE 0 END"
    };
}

/// Waits for the other lists that write the user.
pub(crate) fn hold(id: &UserId) -> Step<'_> {
    statement("UPDATE usermgmt_users SET mfa = mfa WHERE id = ? AND deleted_at IS NULL")
        .bind(id)
        .anything()
}

/// Notes that the user has a second factor.
pub(crate) fn note_factor(id: &UserId) -> Step<'_> {
    statement("UPDATE usermgmt_users SET mfa = 1 WHERE id = ? AND deleted_at IS NULL")
        .bind(id)
        .anything()
}

/// Notes whether the user still has a second factor, where the row is [held](hold).
pub(crate) fn note_factors_left(id: &UserId) -> Step<'_> {
    statement(concat!(
        "UPDATE usermgmt_users SET mfa = ",
        has_factor!(),
        " WHERE id = ? AND deleted_at IS NULL"
    ))
    .bind(id)
    .bind(id)
    .bind(id)
    .anything()
}

/// Users whose rows another version has written.
pub(crate) fn select_behind(rows: usize) -> Statement<'static> {
    statement(
        "SELECT u.id, u.updated_at, u.first_name, u.last_name FROM usermgmt_users u \
         WHERE u.behind = 1 LIMIT ?",
    )
    .bind(limit(rows))
}

/// Fills in what that version did not know, where the row is still the one that
/// was read.
pub(crate) fn catch_up(row: &Row) -> Result<Statement<'static>, StoreError> {
    let mut row = row.columns();
    let (id, updated_at) = (row.parsed::<UserId>()?, row.time()?);
    let (first, last) = (row.opt_text()?, row.opt_text()?);
    Ok(statement(concat!(
        "UPDATE usermgmt_users SET first_name_key = ?, last_name_key = ?, mfa = ",
        has_factor!(),
        ", last_sign_in_at = COALESCE(last_sign_in_at, (SELECT MAX(s.created_at) \
         FROM usermgmt_sessions s WHERE s.user_id = ?)), \
         indexed_at = updated_at WHERE id = ? AND updated_at = ? AND deleted_at IS NULL"
    ))
    .bind(name_key(first.as_deref()))
    .bind(name_key(last.as_deref()))
    .bind(String::from(id.clone()))
    .bind(String::from(id.clone()))
    .bind(String::from(id.clone()))
    .bind(String::from(id))
    .bind(updated_at))
}

/// Deleted users, those deleted first; the first `but` of them are passed over.
pub(crate) fn select_deleted(rows: usize, but: usize) -> Statement<'static> {
    statement(
        "SELECT u.id FROM usermgmt_users u WHERE u.deleted_at IS NOT NULL \
         ORDER BY u.deleted_at LIMIT ? OFFSET ?",
    )
    .bind(limit(rows))
    .bind(limit(but))
}

#[async_trait]
impl UserStore for SqlStore {
    async fn account(&self, id: &UserId) -> Result<Option<Account>, StoreError> {
        self.read_one(&select_account(id), account).await
    }

    async fn account_by_identifier(
        &self,
        identifier: &Identifier,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        self.read_one(&select_account_by_identifier(identifier, now), account).await
    }

    async fn is_taken(
        &self,
        identifier: &Identifier,
        except: Option<&UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let found = identifiers::select_taken(identifier, except, now);
        Ok(!self.read(&found).await?.is_empty())
    }

    async fn user_with_session(
        &self,
        id: &UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<(User, Option<Session>)>, StoreError> {
        self.read_one(&select_with_session(id, session, now), |row| {
            let mut row = row.columns();
            let user = user(&mut row)?;
            let session = match row.next_is_null()? {
                true => None,
                false => Some(sessions::session(&mut row)?),
            };
            Ok((user, session))
        })
        .await
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, StoreError> {
        self.read_all(&select_page(after, limit), |row| user(&mut row.columns())).await
    }

    async fn unconfirmed_users(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<User>, StoreError> {
        self.read_all(&select_unconfirmed(now, limit), |row| user(&mut row.columns())).await
    }
}
