//! Argon2i and Argon2d, and Argon2id of the version before RFC 9106.

use argon2::{Algorithm, Argon2, Version};
use zeroize::Zeroizing;

use super::super::argon2id::Argon2idHash;

/// An Argon2 hash that is not RFC 9106's Argon2id.
pub(crate) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    /// Cost, salt and tag look alike in all variants.
    rest: Argon2idHash,
}

impl Argon2Hash {
    /// From the parts of a PHC string behind the empty first one.
    pub(super) fn parse(parts: &[&str]) -> Option<Self> {
        let (version, algorithm, costs, salt, tag) = match *parts {
            [algorithm, "v=19", costs, salt, tag] => (Version::V0x13, algorithm, costs, salt, tag),
            // The one before is what no number stands for.
            [algorithm, "v=16", costs, salt, tag] | [algorithm, costs, salt, tag] => {
                (Version::V0x10, algorithm, costs, salt, tag)
            }
            _ => return None,
        };
        let algorithm = match algorithm {
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            "argon2id" => Algorithm::Argon2id,
            _ => return None,
        };
        Some(Self { algorithm, version, rest: Argon2idHash::parse(costs, salt, tag, 0)? })
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Argon2i => "argon2i",
            Algorithm::Argon2d => "argon2d",
            Algorithm::Argon2id => "argon2id",
        }
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let mut tag = Zeroizing::new(vec![0; self.rest.tag.len()]);
        Argon2::new(self.algorithm, self.version, self.rest.params.clone())
            .hash_password_into(password.as_bytes(), &self.rest.salt, &mut tag)
            .is_ok_and(|()| self.rest.has_tag(&tag))
    }
}
