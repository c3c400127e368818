//! A hash of another program, of whichever format.

use super::argon2::Argon2Hash;
use super::bcrypt::BcryptHash;
use super::pbkdf2::Pbkdf2Hash;
use super::scrypt::ScryptHash;

/// A hash of another program that is safe to compute.
pub(in crate::password) enum LegacyHash {
    Argon2(Argon2Hash),
    Scrypt(ScryptHash),
    Pbkdf2(Pbkdf2Hash),
    Bcrypt(BcryptHash),
}

impl LegacyHash {
    /// The algorithm's name.
    pub(in crate::password) fn kind(&self) -> &'static str {
        match self {
            Self::Argon2(hash) => hash.kind(),
            Self::Scrypt(_) => "scrypt",
            Self::Pbkdf2(_) => "pbkdf2",
            Self::Bcrypt(_) => "bcrypt",
        }
    }

    /// Whether computing it takes no more memory than any thread has.
    pub(in crate::password) fn is_small(&self) -> bool {
        matches!(self, Self::Pbkdf2(_) | Self::Bcrypt(_))
    }

    /// Whether it is the password's. Constant time in what the hash is.
    pub(in crate::password) fn verify(&self, password: &str) -> bool {
        match self {
            Self::Argon2(hash) => hash.verify(password),
            Self::Scrypt(hash) => hash.verify(password),
            Self::Pbkdf2(hash) => hash.verify(password),
            Self::Bcrypt(hash) => hash.verify(password),
        }
    }
}
