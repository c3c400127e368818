//! An account as it is carried from one system to another.

use super::factor::TotpSecret;
use super::identifier::{Email, Username};
use super::ids::{PasskeyId, UserId};
use super::user::{PasswordHash, Role};
use crate::clock::Timestamp;
use crate::secret::PlaintextPassword;

/// A whole account, as imports bring it and exports carry it away. What belongs
/// to one system alone (sessions, devices, queued mail, the audit log) stays there.
#[derive(Clone, Debug)]
pub struct AccountRecord {
    /// The id, which is kept.
    pub id: UserId,
    /// The username.
    pub username: Username,
    /// The address.
    pub email: Email,
    /// Whether the address is confirmed.
    pub is_email_confirmed: bool,
    /// Whether an operator disabled the account.
    pub is_disabled: bool,
    /// What they may do.
    pub role: Role,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Gender.
    pub gender: Option<String>,
    /// The language of their mails (BCP 47).
    pub locale: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The password.
    pub password: RecordedPassword,
    /// The confirmed second factor.
    pub totp: Option<TotpSecret>,
    /// The hashes of the unused recovery codes, which count for this id alone.
    pub recovery_codes: Vec<String>,
    /// Who they are to providers.
    pub identities: Vec<RecordedIdentity>,
    /// Their passkeys, at most [`MAX_PASSKEYS`](super::passkey::MAX_PASSKEYS).
    pub passkeys: Vec<RecordedPasskey>,
}

/// A passkey of an [`AccountRecord`]: the fields of a
/// [`Passkey`](super::passkey::Passkey) but for whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPasskey {
    /// Its id, which is kept.
    pub id: PasskeyId,
    /// Under which name the authenticator knows the user.
    pub handle: String,
    /// What its owner calls it.
    pub name: String,
    /// The public key, as JSON.
    pub credential: String,
    /// How often it has signed.
    pub counter: i64,
    /// Whether there is a copy elsewhere.
    pub backed_up: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub last_used_at: Option<Timestamp>,
}

/// An identity of an [`AccountRecord`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedIdentity {
    /// The provider's issuer: 1 to [`MAX_ISSUER`](super::identity::MAX_ISSUER) bytes.
    pub issuer: String,
    /// Who they are to it: 1 to [`MAX_SUBJECT`](super::identity::MAX_SUBJECT) bytes.
    pub subject: String,
    /// The name that the settings give the provider.
    pub provider: String,
    /// The address that the provider named.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: Timestamp,
}

/// The password of an [`AccountRecord`].
#[derive(Clone, Debug)]
pub enum RecordedPassword {
    /// There is none: its owner sets one by a reset, or signs in another way.
    None,
    /// A hash, of whatever program. One that could not be verified counts as none.
    Hash(PasswordHash),
    /// The password itself, from a system that kept it so. It is hashed before it
    /// is stored.
    Plaintext(PlaintextPassword),
}
