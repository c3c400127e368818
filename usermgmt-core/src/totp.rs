//! Codes: TOTP (RFC 6238: SHA-1, 6 digits, 30 seconds, one step either way) and
//! recovery codes.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, Builder, Secret};

use crate::clock::Timestamp;
use crate::model::ids::UserId;
use crate::rng::{SecureRng, random};
use crate::secret::Redacted;

/// The length of a time step in seconds.
const STEP_SECONDS: u64 = 30;
/// How many digits a code has.
const DIGITS: u8 = 6;
/// How many steps a phone's clock may be off.
const SKEW: i64 = 1;

/// Crockford's base32 without the letters that are read as digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 24 characters of 5 bits are 120 bits (ASVS 6.5.2 asks for 112).
const RECOVERY_LENGTH: usize = 24;
const RECOVERY_GROUP: usize = 6;

/// The time step for which `typed` is the secret's code, one step of clock skew
/// allowed (RFC 6238, 5.2); the latest of them.
pub(crate) fn matching_step(
    secret: &Redacted<Vec<u8>>,
    typed: &str,
    now: Timestamp,
) -> Option<i64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    if secret.expose().is_empty() {
        return None;
    }
    // Secrets that were made elsewhere may be shorter than RFC 4226 asks for; whoever has
    // one must not be locked out.
    let totp = builder(secret).build_noncompliant();
    let step = now.as_secs().div_euclid(STEP_SECONDS as i64);
    (step - SKEW..=step + SKEW).fold(None, |found, step| {
        let Ok(time) = u64::try_from(step.saturating_mul(STEP_SECONDS as i64)) else {
            return found;
        };
        let code = totp.generate(time).to_string();
        if bool::from(code.as_bytes().ct_eq(digits.as_bytes())) { Some(step) } else { found }
    })
}

/// The secret in base32 and the Key URI that authenticator apps read.
pub(crate) fn enrolment(
    secret: &Redacted<Vec<u8>>,
    issuer: &str,
    account: &str,
) -> Result<(Redacted<String>, Redacted<String>), String> {
    let totp = builder(secret)
        .with_account_name(account)
        .with_issuer(Some(issuer))
        .build()
        .map_err(|e| e.to_string())?;
    let uri = totp.to_url().map_err(|e| e.to_string())?;
    let base32 = Secret::from(secret.expose().clone()).to_base32();
    Ok((Redacted::new(base32), Redacted::new(uri)))
}

fn builder(secret: &Redacted<Vec<u8>>) -> Builder {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret.expose().clone())
}

/// A new recovery code: four groups of six.
pub(crate) fn new_recovery_code(rng: &dyn SecureRng) -> Redacted<String> {
    let bytes = random::<RECOVERY_LENGTH>(rng);
    let letters: Vec<char> =
        bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let groups: Vec<String> =
        letters.chunks(RECOVERY_GROUP).map(|group| group.iter().collect()).collect();
    Redacted::new(groups.join("-"))
}

/// What somebody typed, where it has a recovery code's form: case, hyphens and
/// spaces do not count, and letters that look like digits are those digits.
pub(crate) fn recovery_code(typed: &str) -> Option<Redacted<String>> {
    let plain: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(RECOVERY_LENGTH + 1)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let valid = plain.len() == RECOVERY_LENGTH && plain.bytes().all(|b| ALPHABET.contains(&b));
    valid.then(|| Redacted::new(plain))
}

/// What the store keeps of a recovery code. A fast hash is enough for 120
/// random bits; the user's id makes equal codes of two users differ.
pub(crate) fn recovery_hash(user: &UserId, code: &Redacted<String>) -> String {
    let mut hash = Sha256::new();
    hash.update(user.as_str().as_bytes());
    hash.update([0]);
    hash.update(code.expose().as_bytes());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rng::OsRng;

    /// The secret of both documents' test vectors.
    fn secret() -> Redacted<Vec<u8>> {
        Redacted::new(b"12345678901234567890".to_vec())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        // The SHA-1 rows, of which six digits are the last six of eight.
        for (time, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(matching_step(&secret(), &code[2..], at(time)), Some(time / 30), "{time}");
        }
    }

    #[test]
    fn codes_are_those_of_rfc_4226_appendix_d() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(matching_step(&secret(), code, at(step * 30)), Some(step));
            assert_eq!(matching_step(&secret(), code, at(step * 30 + 29)), Some(step));
        }
    }

    #[test]
    fn a_short_secret_that_was_made_elsewhere_has_codes_and_an_empty_one_has_none() {
        let short = Redacted::new(b"1234567890".to_vec());
        assert_eq!(matching_step(&short, "263420", at(59)), Some(1));
        // What HMAC makes of no key at all.
        assert_eq!(matching_step(&Redacted::new(Vec::new()), "812658", at(59)), None);
    }

    #[test]
    fn only_the_neighbouring_steps_are_allowed() {
        let code = "162583";
        for (step, found) in [(5, None), (6, Some(7)), (7, Some(7)), (8, Some(7)), (9, None)] {
            assert_eq!(matching_step(&secret(), code, at(step * 30)), found);
        }
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        for typed in ["", "87082", "2870820", "287082x", "28708２", "94287082", &"2".repeat(10_000)]
        {
            assert_eq!(matching_step(&secret(), typed, at(59)), None, "{typed:.20}");
        }
        assert_eq!(matching_step(&secret(), " 287 082\n", at(59)), Some(1));
        // Before 1970 there was no code either.
        assert_eq!(matching_step(&secret(), "287082", at(-31)), None);
    }

    #[test]
    fn recovery_codes_use_their_whole_alphabet_evenly() {
        let mut seen = [0_u32; 32];
        let mut codes = BTreeSet::new();
        for _ in 0..1000 {
            let code = new_recovery_code(&OsRng);
            for byte in code.expose().bytes().filter(|byte| *byte != b'-') {
                seen[ALPHABET.iter().position(|letter| *letter == byte).unwrap()] += 1;
            }
            codes.insert(code.expose().clone());
        }
        assert_eq!(codes.len(), 1000);
        // 24,000 letters, 750 of each expected; a bias would show as far more or fewer.
        assert!(seen.iter().all(|count| (550..950).contains(count)), "{seen:?}");
    }

    #[test]
    fn a_recovery_code_is_read_as_it_is_written_down() {
        let plain = |typed: &str| recovery_code(typed).map(|code| code.expose().clone());
        let code = "0123456789ABCDEFGHJKMNPQ";
        assert_eq!(plain("012345-6789AB-CDEFGH-JKMNPQ").as_deref(), Some(code));
        assert_eq!(plain(" o12345 6789ab cdefgh jkmnpq ").as_deref(), Some(code));
        assert_eq!(plain("0I2345-6789AB-CDEFGH-JKMNPQ").as_deref(), Some(code));
        assert_eq!(plain("0l2345-6789AB-CDEFGH-JKMNPQ").as_deref(), Some(code));
        for none in ["", "123456", "012345-6789AB-CDEFGH-JKMNP", "012345-6789AB-CDEFGH-JKMNPQR"] {
            assert_eq!(plain(none), None, "{none}");
        }
        assert_eq!(plain("U12345-6789AB-CDEFGH-JKMNPQ"), None);
    }

    #[test]
    fn one_code_of_two_users_has_two_hashes() {
        let code = recovery_code("0123456789ABCDEFGHJKMNPQ").unwrap();
        let hash = |user: &str| recovery_hash(&user.parse().unwrap(), &code);
        assert_ne!(hash("ann"), hash("bob"));
        assert_eq!(hash("ann").len(), 64);
    }
}
