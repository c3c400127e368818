//! Why a passkey from elsewhere is refused.

/// Why a passkey from elsewhere could not sign in here. Its account stays out: it
/// would ask for the passkey for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPasskey {
    /// Without the feature `passkeys` nothing can read their keys.
    #[error("this program is built without the feature `passkeys`")]
    NotBuiltIn,
    /// No name that its owner could give it.
    #[error("name: not 1 to 64 characters, without blanks around them")]
    Name,
    /// Not the name of a user to an authenticator.
    #[error("handle: not a UUID")]
    Handle,
    /// Not what [`add_passkey`](crate::Auth::add_passkey) stores, or of a key that
    /// verifies nothing.
    #[error("credential: not a public key that can be read")]
    Credential,
    /// Of another credential.
    #[error("id: not the SHA-256 of the id in its credential")]
    Id,
    /// More than an authenticator counts to, or less than nothing.
    #[error("counter: not 0 to 4294967295")]
    Counter,
}
