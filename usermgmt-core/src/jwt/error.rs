//! Why a signing key cannot be used.

/// Why the signing key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtKeyError {
    /// An HS256 key has fewer than 32 bytes (RFC 7518, 3.2).
    #[error("the HS256 key has fewer than 32 bytes")]
    ShortKey,
    /// An HS256 key is one byte repeated.
    #[error("the HS256 key is one byte repeated, which anybody can guess")]
    GuessableKey,
    /// What was given for RS256 is something else.
    #[error("the RS256 key is no unencrypted RSA private key in PEM (PKCS #8 or PKCS #1)")]
    NotAnRsaKey,
    /// An RSA key is too short (RFC 7518, 3.3) or too long.
    #[error("the RS256 key has {bits} bits; between 2048 and 8192 are needed")]
    RsaSize {
        /// How many it has.
        bits: usize,
    },
    /// The cryptographic library refused a key.
    #[error("the signing key was refused: {0}")]
    Refused(String),
}
