//! What Django's hashers write: `pbkdf2_sha256$count$salt$base64`,
//! `scrypt$N$salt$r$p$base64`, `argon2$argon2id$…`, `bcrypt$$2b$…`,
//! `bcrypt_sha256$$2b$…`. The salt is text, not decoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::parse::decimal;
use super::argon2::Argon2Hash;
use super::bcrypt::BcryptHash;
use super::hash::LegacyHash;
use super::pbkdf2::Pbkdf2Hash;
use super::scrypt::ScryptHash;

pub(super) fn parse(parts: &[&str]) -> Option<LegacyHash> {
    match *parts {
        ["argon2", ref rest @ ..] => Argon2Hash::parse(rest).map(LegacyHash::Argon2),
        [method @ ("bcrypt" | "bcrypt_sha256"), "", version, cost, hash] => {
            let text = format!("${version}${cost}${hash}");
            BcryptHash::parse(&text, method == "bcrypt_sha256").map(LegacyHash::Bcrypt)
        }
        ["scrypt", n, salt, r, p, tag] => {
            let n = decimal(n).filter(|n| n.is_power_of_two())?;
            let (salt, tag) = (salt.as_bytes().to_vec(), STANDARD.decode(tag).ok()?);
            ScryptHash::new(n.ilog2(), decimal(r)?, decimal(p)?, salt, tag).map(LegacyHash::Scrypt)
        }
        [method, rounds, salt, tag] => {
            let (salt, tag) = (salt.as_bytes().to_vec(), STANDARD.decode(tag).ok()?);
            let digest = method.strip_prefix("pbkdf2_")?;
            Pbkdf2Hash::new(digest, &[decimal(rounds)?], salt, tag).map(LegacyHash::Pbkdf2)
        }
        _ => None,
    }
}
