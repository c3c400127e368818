//! Hashes that other programs made, for people who bring their password along.
//! A right password among these is hashed anew with Argon2id.
//!
//! Werkzeug (`scrypt:N:r:p$salt$hex`, `pbkdf2:digest[:count]$salt$hex`), Django
//! (`pbkdf2_sha256$count$salt$base64`), bcrypt, and scrypt and PBKDF2 as PHC
//! strings.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::stored::{MAX_MEMORY_KIB, base64_no_pad, decimal, in_order};

/// The most rounds of PBKDF2 that are computed.
const MAX_ROUNDS: u32 = 2_000_000;

/// Werkzeug's rounds where the hash does not say: those of its 2.3 and of its 3.1.
const UNSAID_ROUNDS: [u32; 2] = [600_000, 1_000_000];

const MAX_SCRYPT_MEMORY: u64 = MAX_MEMORY_KIB as u64 * 1024;

/// The most work of scrypt, in bytes passed over.
const MAX_SCRYPT_WORK: u64 = 4 * MAX_SCRYPT_MEMORY;

/// The lanes' own blocks: a little beside the memory, never another heap of it.
const MAX_SCRYPT_BLOCKS: u64 = 1024 * 1024;

/// About a second; each step doubles it.
const MAX_BCRYPT_COST: u32 = 14;

/// A hash of another program that is safe to compute.
pub(super) enum LegacyHash {
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
        tag: Zeroizing<Vec<u8>>,
    },
    Pbkdf2 {
        digest: pbkdf2::Algorithm,
        /// More than one where the hash does not say and programs differ.
        rounds: Vec<NonZeroU32>,
        salt: Vec<u8>,
        tag: Zeroizing<Vec<u8>>,
    },
    Bcrypt(Zeroizing<String>),
}

impl LegacyHash {
    /// Reads a hash; `parts` are those of `text` between its dollar signs.
    pub(super) fn parse(text: &str, parts: &[&str]) -> Option<Self> {
        match *parts {
            [method, salt, tag] => werkzeug(method, salt.as_bytes().to_vec(), hexadecimal(tag)?),
            ["", "2a" | "2b" | "2y", _, _] => bcrypt(text),
            [method, rounds, salt, tag] => pbkdf2(
                method.strip_prefix("pbkdf2_")?,
                &[decimal(rounds)?],
                salt.as_bytes().to_vec(),
                STANDARD.decode(tag).ok()?,
            ),
            ["", "scrypt", costs, salt, tag] => {
                let [log_n, r, p] = in_order(costs, ["ln", "r", "p"])?;
                scrypt(log_n, r, p, base64_no_pad(salt)?, base64_no_pad(tag)?)
            }
            ["", method, costs, salt, tag] => {
                let tag = base64_no_pad(tag)?;
                let [rounds, length] = in_order(costs, ["i", "l"])?;
                let digest = method.strip_prefix("pbkdf2-")?;
                let fits = tag.len() == length as usize;
                fits.then(|| pbkdf2(digest, &[rounds], base64_no_pad(salt)?, tag))?
            }
            _ => None,
        }
    }

    /// Whether it is the password's. Constant time in what the hash is.
    pub(super) fn verify(&self, password: &str) -> bool {
        match self {
            Self::Scrypt { params, salt, tag, .. } => {
                let mut computed = Zeroizing::new(vec![0; tag.len()]);
                scrypt::scrypt(password.as_bytes(), salt, params, &mut computed).is_ok()
                    && computed.ct_eq(tag).into()
            }
            Self::Pbkdf2 { digest, rounds, salt, tag } => rounds.iter().any(|&rounds| {
                pbkdf2::verify(*digest, rounds, salt, password.as_bytes(), tag).is_ok()
            }),
            Self::Bcrypt(text) => bcrypt::verify(password, text).unwrap_or(false),
        }
    }
}

/// What Werkzeug's `check_password_hash` reads. Its salt is text, not decoded.
fn werkzeug(method: &str, salt: Vec<u8>, tag: Vec<u8>) -> Option<LegacyHash> {
    let parts: Vec<&str> = method.split(':').collect();
    match parts[..] {
        ["scrypt"] => scrypt(15, 8, 1, salt, tag),
        ["scrypt", n, r, p] => {
            let n = decimal(n)?;
            n.is_power_of_two().then(|| scrypt(n.ilog2(), decimal(r)?, decimal(p)?, salt, tag))?
        }
        ["pbkdf2"] => pbkdf2("sha256", &UNSAID_ROUNDS, salt, tag),
        ["pbkdf2", digest] => pbkdf2(digest, &UNSAID_ROUNDS, salt, tag),
        ["pbkdf2", digest, rounds] => pbkdf2(digest, &[decimal(rounds)?], salt, tag),
        _ => None,
    }
}

fn scrypt(log_n: u32, r: u32, p: u32, salt: Vec<u8>, tag: Vec<u8>) -> Option<LegacyHash> {
    let block = 128 * u64::from(r);
    let blocks = block.checked_mul(p.into())?;
    let memory = block.checked_mul(1_u64.checked_shl(log_n)?)?;
    let work = memory.checked_mul(p.into())?;
    if blocks > MAX_SCRYPT_BLOCKS
        || memory > MAX_SCRYPT_MEMORY
        || work > MAX_SCRYPT_WORK
        || !(16..=64).contains(&tag.len())
    {
        return None;
    }
    Some(LegacyHash::Scrypt {
        params: scrypt::Params::new(log_n.try_into().ok()?, r, p).ok()?,
        salt,
        tag: Zeroizing::new(tag),
    })
}

fn pbkdf2(digest: &str, rounds: &[u32], salt: Vec<u8>, tag: Vec<u8>) -> Option<LegacyHash> {
    let (digest, length) = match digest {
        "sha1" => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        "sha256" => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
        "sha512" => (pbkdf2::PBKDF2_HMAC_SHA512, 64),
        _ => return None,
    };
    // A tag longer than the digest would take the rounds as many times over.
    if !(16..=length).contains(&tag.len()) || rounds.iter().any(|&rounds| rounds > MAX_ROUNDS) {
        return None;
    }
    Some(LegacyHash::Pbkdf2 {
        digest,
        rounds: rounds.iter().map(|&rounds| NonZeroU32::new(rounds)).collect::<Option<_>>()?,
        salt,
        tag: Zeroizing::new(tag),
    })
}

fn bcrypt(text: &str) -> Option<LegacyHash> {
    let parts: bcrypt::HashParts = text.parse().ok()?;
    (4..=MAX_BCRYPT_COST)
        .contains(&parts.get_cost())
        .then(|| LegacyHash::Bcrypt(Zeroizing::new(text.to_owned())))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| digit.try_into().ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::user::PasswordHash;
    use crate::password::{HasherConfig, PasswordHasher, Verdict};
    use crate::rng::OsRng;

    async fn verdicts(password: &str, text: &str) -> [Verdict; 2] {
        let hasher =
            PasswordHasher::new(HasherConfig::insecure_for_tests(), Arc::new(OsRng)).unwrap();
        let hash = PasswordHash::from_stored(text.to_owned());
        let mut verdicts = [Verdict::Right; 2];
        for (verdict, typed) in verdicts.iter_mut().zip([password, "wrong"]) {
            *verdict = hasher.verify(&typed.into(), Some(&hash)).await.unwrap();
        }
        verdicts
    }

    const RIGHT_THEN_WRONG: [Verdict; 2] = [Verdict::RightOutdated, Verdict::Wrong];

    #[tokio::test]
    async fn a_scrypt_hash_of_the_old_service_verifies_and_is_outdated() {
        let text = "scrypt:32768:8:1$EEimSseABpF2dakM$\
            e41eeb869e882372a451182050947b1367f251e3e2fc64b1036c5dcbdbd0ff15\
            86a84b1ee933dd04c09339362d6e96974d659688b46afeb583d4324b35baa253";
        assert_eq!(verdicts("xxxxxxxx", text).await, RIGHT_THEN_WRONG);
        let unsaid = text.replace(":32768:8:1", "");
        assert_eq!(verdicts("xxxxxxxx", &unsaid).await, RIGHT_THEN_WRONG);
    }

    #[tokio::test]
    async fn pbkdf2_without_a_count_is_tried_with_both_old_counts() {
        for text in [
            "pbkdf2:sha256$saltSALT$\
             3609ef68ebf23fe0cc61b587ca56607e8c70e7403b4639c8a870227c0cd6bdbb",
            "pbkdf2:sha256$saltSALT$\
             30016b684181e3754e721e0838cf05da2e039fc603baca19e4931358c0775022",
        ] {
            assert_eq!(verdicts("pässword", text).await, RIGHT_THEN_WRONG, "{text}");
        }
    }

    /// Made with Python's hashlib and crypt.
    #[tokio::test]
    async fn every_other_format_verifies_and_is_outdated() {
        for text in [
            "scrypt:1024:8:2$saltSALT$\
             77ce1b5656024fc3a522a1d04142d8b53088a87f4dbefbaabf5deb428b976df2\
             43ab69e2b8184297ed200926c5087e8983055cf7a097f2d5c66897cc2e9c1c1b",
            "pbkdf2:sha1:1000$saltSALT$6cc93af378fc3f00a793e8e656892d1de1926d6a",
            "pbkdf2:sha256:1000$saltSALT$\
             95caecdb08fd0905ea0b736554628bdbcba08a1adcfd313eb4c479d71a13b8ce",
            "pbkdf2:sha512:1000$saltSALT$\
             fcdad0de0918a4bbb06209e5d2ff7e08f6040e4ab69647399b4c0212a8d72af5\
             856de12d86fb3d224b5af12bf017595525e4a85270876c4bae3cd2eb106878d5",
            "pbkdf2_sha256$1000$saltSALT$lcrs2wj9CQXqC3NlVGKL28ugihrc/TE+tMR51xoTuM4=",
            "$pbkdf2-sha512$i=1000,l=64$c2FsdFNBTFRzYWx0U0FMVA$\
             I4XVtfJnQosWCsnVgdLriDDwLouVD3agCvZyZzo5I/BbJaHtHSK3A2FLLhA5TVp0RYt5NqBmsemCpmtEG7aWhg",
            "$scrypt$ln=10,r=8,p=2$c2FsdFNBTFRzYWx0U0FMVA$\
             kKfzASHZ1OFuLRVZWJU2TgsE18DNC5Gd16NZtXVUvUQ",
            "$2b$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG",
            "$2y$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG",
        ] {
            assert_eq!(verdicts("pässword", text).await, RIGHT_THEN_WRONG, "{text}");
        }
    }

    #[tokio::test]
    async fn scrypt_hashes_take_turns_and_are_all_served() {
        let mut config = HasherConfig::insecure_for_tests();
        config.workers = 6;
        let hasher = PasswordHasher::new(config, Arc::new(OsRng)).unwrap();
        let text = format!("scrypt:32768:8:1$salt${}", "00".repeat(32));
        let hash = PasswordHash::from_stored(text);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let (hasher, hash) = (hasher.clone(), hash.clone());
            tasks.spawn(async move { hasher.verify(&"wrong".into(), Some(&hash)).await });
        }
        assert_eq!(tasks.join_all().await, [const { Ok(Verdict::Wrong) }; 12]);
    }
}
