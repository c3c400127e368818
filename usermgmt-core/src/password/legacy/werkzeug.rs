//! What Werkzeug's `check_password_hash` reads: `scrypt[:N:r:p]$salt$hex` and
//! `pbkdf2[:digest[:count]]$salt$hex`. The salt is text, not decoded.

use super::super::parse::decimal;
use super::hash::LegacyHash;
use super::pbkdf2::Pbkdf2Hash;
use super::scrypt::ScryptHash;

/// The rounds where the hash does not say: those of Werkzeug 2.3 and of 3.1.
const UNSAID_ROUNDS: [u32; 2] = [600_000, 1_000_000];

pub(super) fn parse(parts: &[&str]) -> Option<LegacyHash> {
    let [method, salt, tag] = *parts else { return None };
    let (salt, tag) = (salt.as_bytes().to_vec(), hexadecimal(tag)?);
    let method: Vec<&str> = method.split(':').collect();
    match method[..] {
        ["scrypt"] => ScryptHash::new(15, 8, 1, salt, tag).map(LegacyHash::Scrypt),
        ["scrypt", n, r, p] => {
            let n = decimal(n).filter(|n| n.is_power_of_two())?;
            ScryptHash::new(n.ilog2(), decimal(r)?, decimal(p)?, salt, tag).map(LegacyHash::Scrypt)
        }
        ["pbkdf2"] => Pbkdf2Hash::new("sha256", &UNSAID_ROUNDS, salt, tag).map(LegacyHash::Pbkdf2),
        ["pbkdf2", digest] => {
            Pbkdf2Hash::new(digest, &UNSAID_ROUNDS, salt, tag).map(LegacyHash::Pbkdf2)
        }
        ["pbkdf2", digest, rounds] => {
            Pbkdf2Hash::new(digest, &[decimal(rounds)?], salt, tag).map(LegacyHash::Pbkdf2)
        }
        _ => None,
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
