//! PHC strings, and what looks like them: `$scrypt$ln=…,r=…,p=…$salt$tag`,
//! `$pbkdf2-sha256$i=…,l=…$salt$tag`, Passlib's `$pbkdf2-sha256$count$salt$tag`,
//! `$argon2i$…`, `$argon2d$…`, bcrypt.

use super::super::parse::{base64_no_pad, decimal, in_order};
use super::argon2::Argon2Hash;
use super::bcrypt::BcryptHash;
use super::hash::LegacyHash;
use super::pbkdf2::Pbkdf2Hash;
use super::scrypt::ScryptHash;

pub(super) fn parse(text: &str, parts: &[&str]) -> Option<LegacyHash> {
    let ["", ref rest @ ..] = *parts else { return None };
    match *rest {
        ["2a" | "2b" | "2y", _, _] => BcryptHash::parse(text, false).map(LegacyHash::Bcrypt),
        ["scrypt", costs, salt, tag] => {
            let [log_n, r, p] = in_order(costs, ["ln", "r", "p"])?;
            let (salt, tag) = (base64_no_pad(salt)?, base64_no_pad(tag)?);
            ScryptHash::new(log_n, r, p, salt, tag).map(LegacyHash::Scrypt)
        }
        [method, costs, salt, tag] if method.starts_with("pbkdf2") => {
            // Passlib calls SHA-1 just so, and writes a dot for the plus sign.
            let digest = method.strip_prefix("pbkdf2-").unwrap_or("sha1");
            let (salt, tag) = (adapted_base64(salt)?, adapted_base64(tag)?);
            let rounds = match in_order(costs, ["i", "l"]) {
                Some([rounds, length]) if length as usize == tag.len() => rounds,
                Some(_) => return None,
                None => decimal(costs)?,
            };
            Pbkdf2Hash::new(digest, &[rounds], salt, tag).map(LegacyHash::Pbkdf2)
        }
        _ => Argon2Hash::parse(rest).map(LegacyHash::Argon2),
    }
}

fn adapted_base64(text: &str) -> Option<Vec<u8>> {
    base64_no_pad(&text.replace('.', "+"))
}
