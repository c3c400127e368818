//! What a user can still sign in with: the last way in is never taken away.

use crate::auth::Auth;
use crate::model::user::Account;

impl Auth {
    /// Whether the user could sign in with so many identities.
    pub(crate) fn has_way_in(&self, account: &Account, identities: usize) -> bool {
        account.password.is_some() || self.0.config.sign_in.email || identities > 0
    }
}
