//! What a user can still sign in with: the last way in is never taken away.

use crate::auth::Auth;
use crate::model::user::Account;

impl Auth {
    /// Whether the user could sign in with so many identities and passkeys.
    pub(crate) fn has_way_in(&self, account: &Account, identities: usize, passkeys: usize) -> bool {
        let on = self.0.config.sign_in;
        account.password.is_some() || on.email || identities > 0 || (on.passkeys && passkeys > 0)
    }
}
