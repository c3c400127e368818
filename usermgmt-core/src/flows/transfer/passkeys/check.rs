//! Whether a passkey from elsewhere could sign in here.

use webauthn_rs::prelude::{COSEKey, Credential, WebauthnError};

use super::invalid::InvalidPasskey;
use crate::flows::passkeys::{checked_name, fits_its_algorithm};
use crate::model::ids::PasskeyId;
use crate::model::record::RecordedPasskey;

/// The longest credential, in bytes: one with the certificates of its maker has some
/// thousands.
const MAX_CREDENTIAL: usize = 16_384;

/// What signing in reads of it can be read.
pub(super) fn check(passkey: &RecordedPasskey) -> Result<(), InvalidPasskey> {
    if !checked_name(&passkey.name).is_ok_and(|name| name == passkey.name) {
        return Err(InvalidPasskey::Name);
    }
    // Of the ways to write one, this one has 36 characters.
    if passkey.handle.len() != 36 || uuid::Uuid::parse_str(&passkey.handle).is_err() {
        return Err(InvalidPasskey::Handle);
    }
    if passkey.credential.len() > MAX_CREDENTIAL {
        return Err(InvalidPasskey::Credential);
    }
    let credential: Credential =
        serde_json::from_str(&passkey.credential).map_err(|_| InvalidPasskey::Credential)?;
    if !is_usable(&credential.cred) {
        return Err(InvalidPasskey::Credential);
    }
    if passkey.id != PasskeyId::of_credential(&credential.cred_id) {
        return Err(InvalidPasskey::Id);
    }
    if u32::try_from(passkey.counter).is_err() {
        return Err(InvalidPasskey::Counter);
    }
    Ok(())
}

/// Whether the key gets as far as a signature: one that is no point of its curve, or no
/// modulus, fails before.
fn is_usable(key: &COSEKey) -> bool {
    fits_its_algorithm(key)
        && matches!(key.verify_signature(&[0], &[]), Ok(_) | Err(WebauthnError::SignatureInvalid))
}
