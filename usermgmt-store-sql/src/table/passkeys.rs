//! Passkeys.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{PasskeyId, UserId};
use usermgmt_core::model::passkey::Passkey;
use usermgmt_core::store::{Guard, StoreError};

use crate::guard::Step;
use crate::row::Row;
use crate::sql::{Statement, placeholders, statement};

/// A passkey's columns, in the order in which [`passkey`] reads them.
macro_rules! passkey_columns {
    () => {
        "id, user_id, handle, name, credential, counter, backed_up, created_at, last_used_at"
    };
}

pub(super) fn passkey(row: &Row) -> Result<Passkey, StoreError> {
    let mut row = row.columns();
    Ok(Passkey {
        id: row.parsed()?,
        user_id: row.parsed()?,
        handle: row.text()?,
        name: row.text()?,
        credential: row.text()?,
        counter: row.int()?,
        backed_up: row.truth()?,
        created_at: row.time()?,
        last_used_at: row.opt_time()?,
    })
}

pub(crate) fn select(id: &PasskeyId) -> Statement<'_> {
    statement(concat!("SELECT ", passkey_columns!(), " FROM usermgmt_passkeys WHERE id = ?"))
        .bind(id)
}

pub(crate) fn select_of(users: &[UserId]) -> Statement<'_> {
    let select = statement(format!(
        concat!(
            "SELECT ",
            passkey_columns!(),
            " FROM usermgmt_passkeys WHERE user_id IN {} ORDER BY user_id, created_at, id"
        ),
        placeholders(1, users.len())
    ));
    users.iter().fold(select, Statement::bind)
}

pub(crate) fn insert(passkey: &Passkey) -> Step<'_> {
    statement(concat!(
        "INSERT INTO usermgmt_passkeys (",
        passkey_columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))
    .bind(&passkey.id)
    .bind(&passkey.user_id)
    .bind(passkey.handle.as_str())
    .bind(passkey.name.as_str())
    .bind(passkey.credential.as_str())
    .bind(passkey.counter)
    .bind(passkey.backed_up)
    .bind(passkey.created_at)
    .bind(passkey.last_used_at)
    .new_key(Guard::Exists)
}

pub(crate) fn use_once<'a>(
    id: &'a PasskeyId,
    user_id: &'a UserId,
    (counter, to): (i64, i64),
    backed_up: bool,
    at: Timestamp,
) -> Step<'a> {
    statement(
        "UPDATE usermgmt_passkeys SET counter = ?, backed_up = ?, last_used_at = ? \
         WHERE id = ? AND user_id = ? AND counter = ?",
    )
    .bind(to)
    .bind(backed_up)
    .bind(at)
    .bind(id)
    .bind(user_id)
    .bind(counter)
    .one_row(Guard::Passkey)
}

pub(crate) fn rename<'a>(id: &'a PasskeyId, user_id: &'a UserId, name: &'a str) -> Step<'a> {
    statement("UPDATE usermgmt_passkeys SET name = ? WHERE id = ? AND user_id = ?")
        .bind(name)
        .bind(id)
        .bind(user_id)
        .one_row(Guard::Passkey)
}

pub(crate) fn remove<'a>(id: &'a PasskeyId, user_id: &'a UserId) -> Step<'a> {
    statement("DELETE FROM usermgmt_passkeys WHERE id = ? AND user_id = ?")
        .bind(id)
        .bind(user_id)
        .one_row(Guard::Passkey)
}

pub(crate) fn remove_all(user_id: &UserId, since: Option<Timestamp>) -> Step<'_> {
    let delete = statement("DELETE FROM usermgmt_passkeys WHERE user_id = ?").bind(user_id);
    match since {
        Some(since) => delete.and(" AND created_at >= ?").bind(since),
        None => delete,
    }
    .anything()
}
