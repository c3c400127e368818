//! Naming a passkey.

use super::{MAX_PASSKEY_NAME, PasskeyError};
use crate::auth::Auth;
use crate::flows::authenticate::Current;
use crate::model::ids::PasskeyId;
use crate::model::passkey::Passkey;
use crate::store::Change;

impl Auth {
    /// Gives a passkey another name, for its owner to tell it from others.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn rename_passkey(
        &self,
        current: &Current,
        id: &PasskeyId,
        name: &str,
    ) -> Result<Passkey, PasskeyError> {
        let name = checked(name)?;
        let (now, user) = (self.now(), &current.user.id);
        let mut passkeys = self.passkeys(user).await?.into_iter();
        let passkey = passkeys.find(|passkey| passkey.id == *id).ok_or(PasskeyError::NotFound)?;
        let list = vec![
            Change::RenamePasskey { id: id.clone(), user_id: user.clone(), name: name.clone() },
            self.audit(user, "passkey.renamed", &["name"], now),
        ];
        match self.commit_from(&current.client, list, now).await? {
            Ok(()) => Ok(Passkey { name, ..passkey }),
            Err(_) => Err(PasskeyError::NotFound),
        }
    }
}

/// The name without space around it.
pub(in crate::flows) fn checked(name: &str) -> Result<String, PasskeyError> {
    let name = name.trim();
    let is_good = (1..=MAX_PASSKEY_NAME).contains(&name.chars().count())
        && !name.chars().any(char::is_control);
    is_good.then(|| name.to_owned()).ok_or(PasskeyError::Name)
}
