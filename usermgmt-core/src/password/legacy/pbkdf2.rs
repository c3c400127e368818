//! PBKDF2 (RFC 8018).

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

/// The most rounds that are computed.
const MAX_ROUNDS: u32 = 2_000_000;

/// A PBKDF2 hash that is safe to compute.
pub(crate) struct Pbkdf2Hash {
    digest: pbkdf2::Algorithm,
    /// More than one where the hash does not say and programs differ.
    rounds: Vec<NonZeroU32>,
    salt: Vec<u8>,
    tag: Zeroizing<Vec<u8>>,
}

impl Pbkdf2Hash {
    /// With HMAC of `sha1`, `sha256` or `sha512`. `None` where it would cost too
    /// much, or the tag proves too little.
    pub(super) fn new(
        digest: &str,
        rounds: &[u32],
        salt: Vec<u8>,
        mut tag: Vec<u8>,
    ) -> Option<Self> {
        let (digest, length) = match digest {
            "sha1" => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
            "sha256" => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
            "sha512" => (pbkdf2::PBKDF2_HMAC_SHA512, 64),
            _ => return None,
        };
        if !(16..=128).contains(&tag.len()) || rounds.iter().any(|&rounds| rounds > MAX_ROUNDS) {
            return None;
        }
        // Each block of the output stands for itself and takes all the rounds (RFC 8018,
        // 5.2). Some programs made several; the first proves as much as a digest can.
        tag.truncate(length);
        Some(Self {
            digest,
            rounds: rounds.iter().map(|&rounds| NonZeroU32::new(rounds)).collect::<Option<_>>()?,
            salt,
            tag: Zeroizing::new(tag),
        })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        self.rounds.iter().any(|&rounds| {
            pbkdf2::verify(self.digest, rounds, &self.salt, password.as_bytes(), &self.tag).is_ok()
        })
    }
}
