//! Second factors: one row a user, with the confirmed secret, the one that
//! waits, or both. A row with neither is as good as none.

use usermgmt_core::model::factor::{SealedSecret, Totp};
use usermgmt_core::model::ids::{FactorId, UserId};
use usermgmt_core::store::{Guard, StoreError};

use crate::dialect::Dialect;
use crate::guard::Step;
use crate::row::Columns;
use crate::sql::{Statement, statement};

/// Reads the columns of a row that may not be there.
pub(crate) fn totp(row: &mut Columns<'_>) -> Result<Option<Totp>, StoreError> {
    let confirmed = secret(row)?;
    let pending = secret(row)?;
    let last_step = row.opt_int()?.unwrap_or_default();
    let is_some = confirmed.is_some() || pending.is_some();
    Ok(is_some.then_some(Totp { confirmed, pending, last_step }))
}

fn secret(row: &mut Columns<'_>) -> Result<Option<SealedSecret>, StoreError> {
    let (factor_id, sealed, created_at) = (row.opt_parsed()?, row.opt_bytes()?, row.opt_time()?);
    Ok(match (factor_id, sealed, created_at) {
        (Some(factor_id), Some(sealed), Some(created_at)) => {
            Some(SealedSecret { factor_id, sealed, created_at })
        }
        _ => None,
    })
}

/// Whether any confirmed secret begins with these bytes.
pub(crate) fn select_sealed_with(key: &[u8]) -> Statement<'_> {
    statement(
        "SELECT COUNT(*) FROM (SELECT 1 FROM usermgmt_totp \
         WHERE SUBSTR(confirmed_sealed, 1, 4) = ? LIMIT 1) AS sealed",
    )
    .bind(key)
}

pub(crate) fn set_pending<'a>(
    dialect: Dialect,
    user_id: &'a UserId,
    secret: &'a SealedSecret,
) -> Step<'a> {
    statement(format!(
        "INSERT INTO usermgmt_totp (user_id, pending_id, pending_sealed, pending_at, last_step) \
         VALUES (?, ?, ?, ?, 0) {}",
        dialect.or_update("user_id", &["pending_id", "pending_sealed", "pending_at"])
    ))
    .bind(user_id)
    .bind(&secret.factor_id)
    .bind(secret.sealed.as_slice())
    .bind(secret.created_at)
    .anything()
}

pub(crate) fn confirm<'a>(user_id: &'a UserId, factor_id: &'a FactorId, step: i64) -> Step<'a> {
    // In this order, because MySQL's later assignments see the earlier ones.
    statement(
        "UPDATE usermgmt_totp SET confirmed_id = pending_id, confirmed_sealed = pending_sealed, \
         confirmed_at = pending_at, pending_id = NULL, pending_sealed = NULL, pending_at = NULL, \
         last_step = ? WHERE user_id = ? AND pending_id = ?",
    )
    .bind(step)
    .bind(user_id)
    .bind(factor_id)
    .one_row(Guard::Factor)
}

pub(crate) fn reseal<'a>(user_id: &'a UserId, secret: &'a SealedSecret) -> Step<'a> {
    statement(
        "UPDATE usermgmt_totp SET confirmed_sealed = ?, confirmed_at = ? \
         WHERE user_id = ? AND confirmed_id = ?",
    )
    .bind(secret.sealed.as_slice())
    .bind(secret.created_at)
    .bind(user_id)
    .bind(&secret.factor_id)
    .one_row(Guard::Factor)
}

pub(crate) fn use_step<'a>(user_id: &'a UserId, factor_id: &'a FactorId, step: i64) -> Step<'a> {
    statement(
        "UPDATE usermgmt_totp SET last_step = ? \
         WHERE user_id = ? AND confirmed_id = ? AND last_step < ?",
    )
    .bind(step)
    .bind(user_id)
    .bind(factor_id)
    .bind(step)
    .one_row(Guard::Factor)
}

pub(crate) fn drop_pending(user_id: &UserId) -> Step<'_> {
    statement(
        "UPDATE usermgmt_totp SET pending_id = NULL, pending_sealed = NULL, pending_at = NULL \
         WHERE user_id = ?",
    )
    .bind(user_id)
    .anything()
}

pub(crate) fn remove(user_id: &UserId) -> Step<'_> {
    statement("DELETE FROM usermgmt_totp WHERE user_id = ?").bind(user_id).anything()
}
