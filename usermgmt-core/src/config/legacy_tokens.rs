//! Tokens of the first of the old services.

use std::time::Duration;

use super::error::ConfigError;
use crate::clock::Timestamp;
use crate::secret::Redacted;

/// Tokens that the first of the old services signed (HS256), for the change-over:
/// nobody is signed out by it. They count for imported users alone who are no
/// admins, have no second factor, and of whom nothing that ends sessions has
/// changed since the import.
#[derive(Clone, Debug)]
pub struct LegacyTokens {
    /// The key they are signed with: 32 bytes or more (RFC 7518, 3.2).
    pub key: Redacted<Vec<u8>>,
    /// From when on they count no more; at most [`LEGACY_TOKENS_MAX`] ahead.
    pub until: Timestamp,
    /// Takes a shorter key too. Whoever guesses it is every imported user.
    pub allow_weak_key: bool,
}

/// How far ahead the end of [`LegacyTokens`] may lie: a day more than the old
/// refresh tokens live.
pub const LEGACY_TOKENS_MAX: Duration = Duration::from_secs(31 * 86_400);

impl LegacyTokens {
    /// Checks the key, and the end against the present.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn validate(&self, now: Timestamp) -> Result<(), ConfigError> {
        let length = self.key.expose().len();
        if length == 0 || (length < 32 && !self.allow_weak_key) {
            return Err(ConfigError::new(
                "legacy.jwt_key",
                format!(
                    "has {length} bytes, fewer than the 32 that HS256 needs; if the old service \
                     really signed with it, `legacy.jwt_weak_key = true` takes it: whoever \
                     guesses it is every imported user"
                ),
            ));
        }
        if self.until > now + LEGACY_TOKENS_MAX {
            return Err(ConfigError::new(
                "legacy.jwt_until",
                "must be at most 31 days ahead: old refresh tokens live for 30",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_by_its_length_and_a_shorter_one_only_where_that_is_said() {
        let now = Timestamp::from_millis(0);
        let tokens = |key: Vec<u8>, allow_weak_key| LegacyTokens {
            key: Redacted::new(key),
            until: now,
            allow_weak_key,
        };
        // Whoever moves over cannot choose it: the old service signed with it.
        for key in [(0..32).collect(), vec![0; 32], vec![b'a'; 64]] {
            assert!(tokens(key, false).validate(now).is_ok());
        }
        let refused = tokens(vec![7; 31], false).validate(now).unwrap_err().to_string();
        assert!(refused.starts_with("legacy.jwt_key: has 31 bytes"), "{refused}");
        assert!(tokens(vec![7; 31], true).validate(now).is_ok());
        assert!(tokens(vec![], true).validate(now).is_err());
    }
}
