//! Codes: TOTP (RFC 6238, one step either way) and recovery codes.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, Builder};

use crate::clock::Timestamp;
use crate::model::factor::{TotpAlgorithm, TotpSecret};
use crate::model::ids::UserId;
use crate::rng::{SecureRng, random};
use crate::secret::Redacted;
use crate::typed;

/// How many steps a phone's clock may be off.
const SKEW: i64 = 1;

/// Crockford's base32 without the letters that are read as digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 24 characters of 5 bits are 120 bits (ASVS 6.5.2 asks for 112).
const RECOVERY_LENGTH: usize = 24;
const RECOVERY_GROUP: usize = 6;

/// The time step for which `typed` is the secret's code, one step of clock skew
/// allowed (RFC 6238, 5.2); the latest of them.
pub(crate) fn matching_step(secret: &TotpSecret, typed: &str, now: Timestamp) -> Option<i64> {
    let digits = typed::code(typed, 16);
    // Secrets that were made elsewhere may be shorter than RFC 4226 asks for; whoever has
    // one must not be locked out.
    let totp = builder(secret).build_noncompliant();
    let period = i64::from(secret.period());
    let step = now.as_secs().div_euclid(period);
    (step - SKEW..=step + SKEW).fold(None, |found, step| {
        let Ok(time) = u64::try_from(step.saturating_mul(period)) else {
            return found;
        };
        let code = totp.generate(time).to_string();
        let right = code.as_bytes().ct_eq(digits.expose().as_bytes());
        if bool::from(right) { Some(step) } else { found }
    })
}

/// The secret in base32 and the Key URI that authenticator apps read.
pub(crate) fn enrolment(
    secret: &TotpSecret,
    issuer: &str,
    account: &str,
) -> Result<(Redacted<String>, Redacted<String>), String> {
    let totp = builder(secret)
        .with_account_name(account)
        .with_issuer(Some(issuer))
        .build()
        .map_err(|e| e.to_string())?;
    let uri = totp.to_url().map_err(|e| e.to_string())?;
    Ok((secret.base32(), Redacted::new(uri)))
}

fn builder(secret: &TotpSecret) -> Builder {
    Builder::new()
        .with_algorithm(match secret.algorithm() {
            TotpAlgorithm::Sha1 => Algorithm::SHA1,
            TotpAlgorithm::Sha256 => Algorithm::SHA256,
            TotpAlgorithm::Sha512 => Algorithm::SHA512,
        })
        .with_digits(secret.digits())
        .with_step_duration(u64::from(secret.period()))
        .with_secret(secret.bytes().expose().clone())
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

/// What somebody typed, where it has a recovery code's form: case does not
/// count, and letters that look like digits are those digits.
pub(crate) fn recovery_code(typed: &str) -> Option<Redacted<String>> {
    let plain: String = typed::code(typed, RECOVERY_LENGTH + 1)
        .expose()
        .chars()
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
    fn secret() -> TotpSecret {
        TotpSecret::new(b"12345678901234567890".to_vec()).unwrap()
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
    fn other_algorithms_have_the_codes_of_rfc_6238_appendix_b() {
        // The appendix repeats the secret up to the hash's length.
        for (algorithm, length, codes) in [
            (TotpAlgorithm::Sha256, 32, ["46119246", "68084774", "67062674", "91819424"]),
            (TotpAlgorithm::Sha512, 64, ["90693936", "25091201", "99943326", "93441116"]),
        ] {
            let bytes = b"1234567890".iter().copied().cycle().take(length).collect();
            let secret = TotpSecret::imported(bytes, algorithm, 8, 30).unwrap();
            for (time, code) in
                [59, 1_111_111_109, 1_111_111_111, 1_234_567_890].into_iter().zip(codes)
            {
                assert_eq!(matching_step(&secret, code, at(time)), Some(time / 30), "{time}");
                assert_eq!(matching_step(&secret, &code[2..], at(time)), None, "six of eight");
            }
        }
    }

    #[test]
    fn a_step_lasts_as_long_as_the_secret_says() {
        let secret =
            TotpSecret::imported(secret().bytes().expose().clone(), TotpAlgorithm::Sha1, 6, 60);
        let (secret, code) = (secret.unwrap(), "162583");
        for (seconds, found) in [(359, None), (360, Some(7)), (539, Some(7)), (540, None)] {
            assert_eq!(matching_step(&secret, code, at(seconds)), found, "{seconds}");
        }
    }

    #[test]
    fn a_short_secret_that_was_made_elsewhere_has_codes() {
        let short = TotpSecret::new(b"1234567890".to_vec()).unwrap();
        assert_eq!(matching_step(&short, "263420", at(59)), Some(1));
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
        for typed in ["", "87082", "2870820", "287082x", "28708²", "94287082", &"2".repeat(10_000)]
        {
            assert_eq!(matching_step(&secret(), typed, at(59)), None, "{typed:.20}");
        }
        for typed in [" 287 082\n", "２８７０８２", "۲۸۷–۰۸۲"] {
            assert_eq!(matching_step(&secret(), typed, at(59)), Some(1), "{typed}");
        }
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
        assert_eq!(
            plain("０１２３４５－６７８９ＡＢ–cdefgh−ＪＫＭＮＰＱ\r\n").as_deref(),
            Some(code)
        );
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
