//! Listing passkeys.

use super::PasskeyError;
use crate::auth::Auth;
use crate::model::ids::UserId;
use crate::model::passkey::Passkey;

impl Auth {
    /// A user's passkeys, the first one added first.
    ///
    /// # Errors
    /// [`PasskeyError::Off`], [`PasskeyError::Service`].
    pub async fn passkeys(&self, user: &UserId) -> Result<Vec<Passkey>, PasskeyError> {
        if !self.0.config.sign_in.passkeys {
            return Err(PasskeyError::Off);
        }
        Ok(self.read(self.0.store.passkeys(std::slice::from_ref(user))).await?)
    }
}
