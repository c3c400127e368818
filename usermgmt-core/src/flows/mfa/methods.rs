//! What a user can answer with when the second factor is asked for.

use crate::auth::{Auth, ServiceError};
use crate::model::passkey::Passkey;
use crate::model::user::Account;

/// How a passkey is named among them.
pub(in crate::flows) const PASSKEY: &str = "passkey";

impl Auth {
    /// The second factors of a user; none where the first is enough. A passkey is
    /// one: whoever has a passkey does not want a password alone to be enough.
    pub(in crate::flows) async fn second_factors(
        &self,
        account: &Account,
    ) -> Result<Vec<&'static str>, ServiceError> {
        let mut methods = Vec::new();
        if account.mfa_enabled() {
            methods.push("totp");
        }
        if self.0.config.sign_in.passkeys && !self.passkeys_of(account).await?.is_empty() {
            methods.push(PASSKEY);
        }
        if !methods.is_empty()
            && self.read(self.0.store.recovery_codes_left(&account.user.id)).await? > 0
        {
            methods.push("recovery_code");
        }
        Ok(methods)
    }

    /// The user's passkeys, the first one added first.
    pub(in crate::flows) async fn passkeys_of(
        &self,
        account: &Account,
    ) -> Result<Vec<Passkey>, ServiceError> {
        self.read(self.0.store.passkeys(std::slice::from_ref(&account.user.id))).await
    }
}
