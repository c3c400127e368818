//! bcrypt, by itself and over SHA-256 as Django has it.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// About a second; each step doubles it.
const MAX_COST: u32 = 14;

/// A bcrypt hash.
pub(crate) struct BcryptHash {
    text: Zeroizing<String>,
    /// Django hashes first, so that no more than bcrypt's 72 bytes arrive.
    over_sha256: bool,
}

impl BcryptHash {
    /// `$2a$`, `$2b$` or `$2y$`, cost, salt and hash. `over_sha256`: of the
    /// password's SHA-256 in hexadecimal digits.
    pub(super) fn parse(text: &str, over_sha256: bool) -> Option<Self> {
        if !["$2a$", "$2b$", "$2y$"].iter().any(|version| text.starts_with(version)) {
            return None;
        }
        let parts: bcrypt::HashParts = text.parse().ok()?;
        (4..=MAX_COST)
            .contains(&parts.get_cost())
            .then(|| Self { text: Zeroizing::new(text.to_owned()), over_sha256 })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        if !self.over_sha256 {
            return bcrypt::verify(password, &self.text).unwrap_or(false);
        }
        let digest = Sha256::digest(password.as_bytes());
        let hex: Zeroizing<String> =
            Zeroizing::new(digest.iter().map(|byte| format!("{byte:02x}")).collect());
        bcrypt::verify(hex.as_bytes(), &self.text).unwrap_or(false)
    }
}
