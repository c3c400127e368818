//! Passkeys (WebAuthn Level 3): signing in by what a device or a password manager
//! keeps, unlocked by its owner, and bound to this site by the browser.
//!
//! The state of a ceremony is with whoever began it, sealed, so that strangers who
//! begin one write nothing; the store has the row that marks it as used up. Any
//! process that has the root secret finishes what another one began.

mod add;
mod authenticator;
mod factor;
mod list;
mod registration;
mod remove;
mod rename;
mod request;
mod sign_in;
mod verify;

pub use self::add::AddedPasskey;
pub(super) use self::add::fits_its_algorithm;
pub use self::registration::PasskeyRequest;
pub(super) use self::rename::checked as checked_name;
pub use self::sign_in::PasskeySignInError;
use crate::auth::ServiceError;
use crate::flows::amr::PASSKEY;
use crate::flows::reauthenticate::{ReauthenticateFailure, ReauthenticationError};

/// The longest name of a passkey, in characters.
pub const MAX_PASSKEY_NAME: usize = 64;

/// Why something about a passkey was refused.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// Passkeys are off ([`SignInMethods::passkeys`](crate::config::SignInMethods::passkeys)).
    #[error("passkeys are off")]
    Off,
    /// The user has no such passkey.
    #[error("there is no such passkey")]
    NotFound,
    /// The user has [as many](crate::model::passkey::MAX_PASSKEYS) as there can be.
    #[error("there are as many passkeys as there can be")]
    TooMany,
    /// Not what was asked for: the request is expired, used or somebody else's, or
    /// the answer is not of an authenticator that this site asked.
    #[error("the passkey could not be verified")]
    Invalid,
    /// The name is empty, too long, or has control characters.
    #[error("a name has 1 to 64 characters")]
    Name,
    /// Without it the user could not sign in any more.
    #[error("this is the last way to sign in")]
    LastSignInMethod,
    /// It needs a recent sign-in.
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<ReauthenticateFailure> for PasskeyError {
    fn from(failure: ReauthenticateFailure) -> Self {
        match failure {
            ReauthenticateFailure::Refused(refused) => Self::Reauthentication(refused),
            ReauthenticateFailure::Service(service_error) => Self::Service(service_error),
        }
    }
}

/// What a passkey proves (RFC 8176): a key that only its authenticator has, whom it
/// knows its owner by, and with that more than one factor.
const PROVED: [&str; 3] = [PASSKEY, "user", "mfa"];
