//! Who users are to providers: the one place where issuer and subject are unique.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::{IdentityId, UserId};
use usermgmt_core::store::{Guard, StoreError};

use crate::guard::Step;
use crate::row::Row;
use crate::sql::{Statement, placeholders, statement};

/// An identity's columns, in the order in which [`identity`] reads them.
macro_rules! columns {
    () => {
        "id, user_id, issuer, subject, provider, email, created_at, last_used_at"
    };
}

pub(crate) fn identity(row: &Row) -> Result<Identity, StoreError> {
    let mut row = row.columns();
    Ok(Identity {
        id: row.parsed()?,
        user_id: row.parsed()?,
        issuer: row.text()?,
        subject: row.text()?,
        provider: row.text()?,
        email: row.opt_text()?,
        created_at: row.time()?,
        last_used_at: row.opt_time()?,
    })
}

pub(crate) fn select<'a>(issuer: &'a str, subject: &'a str) -> Statement<'a> {
    statement(concat!(
        "SELECT ",
        columns!(),
        " FROM usermgmt_identities WHERE issuer = ? AND subject = ?"
    ))
    .bind(issuer)
    .bind(subject)
}

/// Those of some users, in the order of users and ids.
pub(crate) fn select_of(users: &[UserId]) -> Statement<'_> {
    let select = statement(format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM usermgmt_identities WHERE user_id IN {} ORDER BY user_id, id"
        ),
        placeholders(1, users.len())
    ));
    users.iter().fold(select, Statement::bind)
}

pub(crate) fn insert(identity: &Identity) -> Step<'_> {
    statement(concat!(
        "INSERT INTO usermgmt_identities (",
        columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    ))
    .bind(&identity.id)
    .bind(&identity.user_id)
    .bind(identity.issuer.as_str())
    .bind(identity.subject.as_str())
    .bind(identity.provider.as_str())
    .bind(identity.email.as_deref())
    .bind(identity.created_at)
    .bind(identity.last_used_at)
    .new_key(Guard::Identity)
}

pub(crate) fn note_use<'a>(
    user_id: &'a UserId,
    issuer: &'a str,
    subject: &'a str,
    at: Timestamp,
) -> Step<'a> {
    statement(
        "UPDATE usermgmt_identities SET last_used_at = ? \
         WHERE issuer = ? AND subject = ? AND user_id = ?",
    )
    .bind(at)
    .bind(issuer)
    .bind(subject)
    .bind(user_id)
    .one_row(Guard::Identity)
}

pub(crate) fn delete<'a>(user_id: &'a UserId, id: &'a IdentityId) -> Step<'a> {
    statement("DELETE FROM usermgmt_identities WHERE user_id = ? AND id = ?")
        .bind(user_id)
        .bind(id)
        .one_row(Guard::Identity)
}

pub(crate) fn delete_all(user_id: &UserId, since: Option<Timestamp>) -> Step<'_> {
    let delete = statement("DELETE FROM usermgmt_identities WHERE user_id = ?").bind(user_id);
    match since {
        Some(since) => delete.and(" AND created_at >= ?").bind(since),
        None => delete,
    }
    .anything()
}
