//! Hashes that other programs made, for people who bring their password along.
//! A right password among these is hashed anew with Argon2id.
//!
//! One family of formats a file. Their texts may come from data that others
//! could write: what asks for more than the caps here is no hash.

mod argon2;
mod bcrypt;
mod django;
mod hash;
mod pbkdf2;
mod phc;
mod scrypt;
#[cfg(test)]
mod tests;
mod werkzeug;

pub(super) use self::hash::LegacyHash;

/// Reads a hash; `parts` are those of `text` between its dollar signs.
pub(super) fn parse(text: &str, parts: &[&str]) -> Option<LegacyHash> {
    werkzeug::parse(parts).or_else(|| django::parse(parts)).or_else(|| phc::parse(text, parts))
}
