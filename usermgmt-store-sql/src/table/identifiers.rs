//! Addresses and names: whose each is, and until when.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::{Identifier, IdentifierKind};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::Guard;

use crate::dialect::Dialect;
use crate::guard::Step;
use crate::sql::{Statement, statement};

pub(crate) fn select_taken<'a>(
    identifier: &'a Identifier,
    except: Option<&'a UserId>,
    now: Timestamp,
) -> Statement<'a> {
    statement(
        "SELECT 1 FROM usermgmt_identifiers WHERE kind = ? AND canonical = ? \
         AND (held_until IS NULL OR held_until > ?) AND (user_id IS NULL OR user_id <> ?)",
    )
    .bind(identifier.kind().as_str())
    .bind(identifier.canonical())
    .bind(now)
    // Nobody's id is the empty text.
    .bind(except.map_or("", UserId::as_str))
}

pub(crate) fn claim<'a>(
    dialect: Dialect,
    identifier: &'a Identifier,
    user_id: Option<&'a UserId>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Step<'a>> {
    let taken = Guard::Taken(identifier.kind());
    let insert = |end: &'static str| {
        statement(format!(
            "INSERT INTO usermgmt_identifiers (kind, canonical, user_id, held_until) \
             VALUES (?, ?, ?, ?){end}"
        ))
        .bind(identifier.kind().as_str())
        .bind(identifier.canonical())
        .bind(user_id)
        .bind(until)
    };
    if dialect.has_returning() {
        return vec![
            insert(
                " ON CONFLICT (kind, canonical) DO UPDATE \
                 SET user_id = excluded.user_id, held_until = excluded.held_until \
                 WHERE usermgmt_identifiers.held_until <= ? \
                 OR usermgmt_identifiers.user_id = excluded.user_id",
            )
            .bind(now)
            .one_row(taken),
        ];
    }
    // There an INSERT cannot update under a condition, and does not tell a row
    // that it added from one that it left alone.
    let make_way = statement(
        "DELETE FROM usermgmt_identifiers WHERE kind = ? AND canonical = ? \
         AND (held_until <= ? OR user_id = ?)",
    )
    .bind(identifier.kind().as_str())
    .bind(identifier.canonical())
    .bind(now)
    .bind(user_id);
    vec![make_way.anything(), insert("").new_key(taken)]
}

pub(crate) fn hold<'a>(
    identifier: &'a Identifier,
    user_id: &'a UserId,
    until: Option<Timestamp>,
) -> Step<'a> {
    let update = statement(
        "UPDATE usermgmt_identifiers SET held_until = ? \
         WHERE kind = ? AND canonical = ? AND user_id = ?",
    )
    .bind(until)
    .bind(identifier.kind().as_str())
    .bind(identifier.canonical())
    .bind(user_id);
    guarded(identifier, update)
}

pub(crate) fn release<'a>(identifier: &'a Identifier, user_id: &'a UserId) -> Step<'a> {
    let delete = statement(
        "DELETE FROM usermgmt_identifiers WHERE kind = ? AND canonical = ? AND user_id = ?",
    )
    .bind(identifier.kind().as_str())
    .bind(identifier.canonical())
    .bind(user_id);
    guarded(identifier, delete)
}

/// Only of a skeleton there need not be a row.
fn guarded<'a>(identifier: &Identifier, write: Statement<'a>) -> Step<'a> {
    match identifier.kind() {
        IdentifierKind::Email | IdentifierKind::Username => write.one_row(Guard::Identifier),
        IdentifierKind::Skeleton => write.anything(),
    }
}

pub(crate) fn release_all(user_id: &UserId) -> Step<'_> {
    statement("DELETE FROM usermgmt_identifiers WHERE user_id = ?").bind(user_id).anything()
}
