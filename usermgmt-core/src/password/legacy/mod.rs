//! Hashes that other programs made, for people who bring their password along.
//! A right password among these is hashed anew with Argon2id.
//!
//! One family of formats a file. Their texts may come from data that others
//! could write: what asks for more than the caps here is no hash.

mod argon2;
mod bcrypt;
mod django;
mod pbkdf2;
mod phc;
mod scrypt;
#[cfg(test)]
mod tests;
mod werkzeug;

use std::fmt;

use self::argon2::Argon2Hash;
use self::bcrypt::BcryptHash;
use self::pbkdf2::Pbkdf2Hash;
use self::scrypt::ScryptHash;

/// A format of stored passwords that only the embedder knows. Given to the
/// hasher as one of [`HasherConfig::formats`](super::HasherConfig::formats), its
/// passwords sign in, and are stored with Argon2id from then on.
pub trait PasswordFormat: fmt::Debug + Send + Sync + 'static {
    /// What reports call it.
    fn name(&self) -> &'static str;

    /// Whether a stored text is of this format and safe to compute: well-formed,
    /// and no dearer than a sign-in may be, whoever wrote it. Cheap; asked for
    /// every stored text that no format of the library's own reads.
    fn recognises(&self, stored: &str) -> bool;

    /// Whether the password is the one that was stored; only asked for what was
    /// recognised, on one of the hasher's threads and one at a time. Compares in
    /// constant time. The text as it was typed comes first, then in Unicode's
    /// NFKC where that is another.
    fn verify(&self, stored: &str, password: &str) -> bool;
}

/// A hash of another program that is safe to compute.
pub(super) enum LegacyHash {
    Argon2(Argon2Hash),
    Scrypt(ScryptHash),
    Pbkdf2(Pbkdf2Hash),
    Bcrypt(BcryptHash),
}

impl LegacyHash {
    /// Reads a hash; `parts` are those of `text` between its dollar signs.
    pub(super) fn parse(text: &str, parts: &[&str]) -> Option<Self> {
        werkzeug::parse(parts).or_else(|| django::parse(parts)).or_else(|| phc::parse(text, parts))
    }

    /// The algorithm's name.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Argon2(hash) => hash.kind(),
            Self::Scrypt(_) => "scrypt",
            Self::Pbkdf2(_) => "pbkdf2",
            Self::Bcrypt(_) => "bcrypt",
        }
    }

    /// Whether computing it takes no more memory than any thread has.
    pub(super) fn is_small(&self) -> bool {
        matches!(self, Self::Pbkdf2(_) | Self::Bcrypt(_))
    }

    /// Whether it is the password's. Constant time in what the hash is.
    pub(super) fn verify(&self, password: &str) -> bool {
        match self {
            Self::Argon2(hash) => hash.verify(password),
            Self::Scrypt(hash) => hash.verify(password),
            Self::Pbkdf2(hash) => hash.verify(password),
            Self::Bcrypt(hash) => hash.verify(password),
        }
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| digit.try_into().ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
