//! How a listed user's row is read.

use usermgmt_core::store::StoreError;
use usermgmt_core::store::directory::ListedUser;

use crate::row::Columns;
use crate::table::user_row::user;

/// A listed user's columns, in the order in which [`listed`] reads them; the table is `u`.
macro_rules! listed_columns {
    () => {
        concat!($crate::table::user_row::user_columns!(), ", u.mfa, u.last_sign_in_at")
    };
}
pub(super) use listed_columns;

pub(super) fn listed(row: &mut Columns<'_>) -> Result<ListedUser, StoreError> {
    Ok(ListedUser { user: user(row)?, mfa_enabled: row.truth()?, last_sign_in_at: row.opt_time()? })
}
