//! How a user's row is read.

use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::user::{Role, User};
use usermgmt_core::store::StoreError;

use crate::row::Columns;

/// A user's columns, in the order in which [`user`] reads them; the table is `u`.
macro_rules! user_columns {
    () => {
        "u.id, u.username, u.username_canonical, u.email, u.email_canonical, \
         u.email_confirmed_at, u.unconfirmed_until, u.first_name, u.last_name, u.gender, \
         u.role, u.locale, u.disabled_at, u.created_at, u.updated_at, u.epoch"
    };
}
pub(crate) use user_columns;

pub(crate) fn user(row: &mut Columns<'_>) -> Result<User, StoreError> {
    Ok(User {
        id: row.parsed()?,
        username: Username::from_stored(row.text()?, row.text()?),
        email: Email::from_stored(row.text()?, row.text()?),
        email_confirmed_at: row.opt_time()?,
        unconfirmed_until: row.opt_time()?,
        first_name: row.opt_text()?,
        last_name: row.opt_text()?,
        gender: row.opt_text()?,
        role: row.named(Role::from_name)?,
        locale: row.opt_text()?,
        disabled_at: row.opt_time()?,
        created_at: row.time()?,
        updated_at: row.time()?,
        epoch: row.int()?,
    })
}
