//! Passkeys from elsewhere.

#[cfg(feature = "passkeys")]
mod check;
mod invalid;

pub use self::invalid::InvalidPasskey;
use crate::model::record::RecordedPasskey;

impl RecordedPasskey {
    /// Makes sure that it could sign in here; [`Auth::import_accounts`] does.
    ///
    /// # Errors
    /// [`InvalidPasskey`].
    ///
    /// [`Auth::import_accounts`]: crate::Auth::import_accounts
    pub fn check(&self) -> Result<(), InvalidPasskey> {
        #[cfg(feature = "passkeys")]
        return check::check(self);
        #[cfg(not(feature = "passkeys"))]
        Err(InvalidPasskey::NotBuiltIn)
    }
}
