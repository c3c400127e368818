//! Codes: TOTP (RFC 6238: SHA-1, 6 digits, 30 seconds, one step either way) and
//! recovery codes.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, Builder, Secret, Totp};

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
    let totp = generator(secret, "", None).ok()?;
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
    let totp = generator(secret, account, Some(issuer)).map_err(|e| e.to_string())?;
    let uri = totp.to_url().map_err(|e| e.to_string())?;
    let base32 = Secret::from(secret.expose().clone()).to_base32();
    Ok((Redacted::new(base32), Redacted::new(uri)))
}

fn generator(
    secret: &Redacted<Vec<u8>>,
    account: &str,
    issuer: Option<&str>,
) -> Result<Totp, Box<dyn std::error::Error>> {
    let mut builder = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret.expose().clone());
    if !account.is_empty() {
        builder = builder.with_account_name(account).with_issuer(issuer);
    }
    Ok(builder.build()?)
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
