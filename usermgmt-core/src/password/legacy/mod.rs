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

use self::argon2::Argon2Hash;
use self::bcrypt::BcryptHash;
use self::pbkdf2::Pbkdf2Hash;
use self::scrypt::ScryptHash;

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
