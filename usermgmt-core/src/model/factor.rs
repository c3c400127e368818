//! The second factor.

use serde::{Deserialize, Serialize};

use super::ids::FactorId;
use crate::clock::Timestamp;
use crate::rng::{SecureRng, random};
use crate::secret::Redacted;

/// The hash of a TOTP's HMAC (RFC 6238, 1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TotpAlgorithm {
    /// What every authenticator app knows.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl TotpAlgorithm {
    const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    fn number(self) -> u8 {
        self as u8
    }
}

/// What a TOTP's codes are made of. Secrets that are made here have SHA-1, six
/// digits and steps of 30 seconds; one that was made elsewhere may have others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpSecret {
    bytes: Redacted<Vec<u8>>,
    algorithm: TotpAlgorithm,
    digits: u8,
    period: u16,
}

/// Why something is no secret of a TOTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTotp {
    /// Not base32 (RFC 4648, 6).
    #[error("the secret is not base32")]
    Encoding,
    /// None at all, or more than 256 bytes.
    #[error("the secret must have between 1 and 256 bytes")]
    Length,
    /// Codes of that many digits are not made by any app.
    #[error("a code has 6, 7 or 8 digits")]
    Digits,
    /// A step of that length.
    #[error("a time step lasts between 10 and 300 seconds")]
    Period,
}

impl TotpSecret {
    const DIGITS: u8 = 6;
    const PERIOD: u16 = 30;

    /// A secret with SHA-1, six digits and steps of 30 seconds.
    ///
    /// # Errors
    /// [`InvalidTotp::Length`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, InvalidTotp> {
        Self::imported(bytes, TotpAlgorithm::Sha1, Self::DIGITS, Self::PERIOD)
    }

    /// A secret that was made elsewhere: shorter than 128 bits (RFC 4226, 4, R6)
    /// too, since whoever has one must not be locked out. `period` in seconds.
    ///
    /// # Errors
    /// [`InvalidTotp`].
    pub fn imported(
        bytes: Vec<u8>,
        algorithm: TotpAlgorithm,
        digits: u8,
        period: u16,
    ) -> Result<Self, InvalidTotp> {
        if !(1..=256).contains(&bytes.len()) {
            return Err(InvalidTotp::Length);
        }
        if !(6..=8).contains(&digits) {
            return Err(InvalidTotp::Digits);
        }
        if !(10..=300).contains(&period) {
            return Err(InvalidTotp::Period);
        }
        Ok(Self { bytes: Redacted::new(bytes), algorithm, digits, period })
    }

    /// As [`Self::imported`], from base32 in either case, with blanks, hyphens
    /// and padding or without.
    ///
    /// # Errors
    /// [`InvalidTotp`].
    pub fn from_base32(
        text: &str,
        algorithm: TotpAlgorithm,
        digits: u8,
        period: u16,
    ) -> Result<Self, InvalidTotp> {
        let plain: Redacted<String> = Redacted::new(
            text.chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '='))
                .map(|c| c.to_ascii_uppercase())
                .collect(),
        );
        let bytes =
            totp_rs::Secret::try_from_base32(plain.expose()).map_err(|_| InvalidTotp::Encoding)?;
        Self::imported(bytes.as_ref().to_vec(), algorithm, digits, period)
    }

    pub(crate) fn generate(rng: &dyn SecureRng) -> Self {
        Self {
            // As long as SHA-1's output (RFC 4226, 4, R6).
            bytes: Redacted::new(random::<20>(rng).to_vec()),
            algorithm: TotpAlgorithm::Sha1,
            digits: Self::DIGITS,
            period: Self::PERIOD,
        }
    }

    /// The secret.
    pub fn bytes(&self) -> &Redacted<Vec<u8>> {
        &self.bytes
    }

    /// The secret in base32, without padding.
    pub fn base32(&self) -> Redacted<String> {
        Redacted::new(totp_rs::Secret::from(self.bytes.expose().clone()).to_base32())
    }

    /// The hash.
    pub fn algorithm(&self) -> TotpAlgorithm {
        self.algorithm
    }

    /// How many digits a code has.
    pub fn digits(&self) -> u8 {
        self.digits
    }

    /// How long a time step lasts, in seconds.
    pub fn period(&self) -> u16 {
        self.period
    }

    /// Whether it is of the kind that is made here.
    pub(crate) fn is_usual(&self) -> bool {
        (self.algorithm, self.digits, self.period)
            == (TotpAlgorithm::Sha1, Self::DIGITS, Self::PERIOD)
    }

    /// `algorithm ‖ digits ‖ period ‖ secret`.
    pub(crate) fn to_bytes(&self) -> Redacted<Vec<u8>> {
        let mut bytes = vec![self.algorithm.number(), self.digits];
        bytes.extend_from_slice(&self.period.to_be_bytes());
        bytes.extend_from_slice(self.bytes.expose());
        Redacted::new(bytes)
    }

    /// From what [`Self::to_bytes`] gave.
    pub(crate) fn from_bytes(bytes: &Redacted<Vec<u8>>) -> Option<Self> {
        let (&[algorithm, digits, high, low], secret) = bytes.expose().split_first_chunk()?;
        let algorithm = TotpAlgorithm::ALL.into_iter().find(|a| a.number() == algorithm)?;
        Self::imported(secret.to_vec(), algorithm, digits, u16::from_be_bytes([high, low])).ok()
    }
}

/// A TOTP secret as the store keeps it: sealed, bound to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// Which enrolment this is.
    pub factor_id: FactorId,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it was enrolled.
    pub created_at: Timestamp,
}

/// A user's authenticator: the confirmed secret, the one that waits for its
/// first code, or both while one replaces the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    /// The secret that sign-in asks for.
    pub confirmed: Option<SealedSecret>,
    /// The secret that waits for its first code.
    pub pending: Option<SealedSecret>,
    /// The last time step a code was accepted for; only later ones count (RFC 6238, 5.2).
    pub last_step: i64,
}

impl Totp {
    /// Whether sign-in asks for it.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_base32_as_apps_show_it() {
        let secret = |text| TotpSecret::from_base32(text, TotpAlgorithm::Sha256, 8, 60);
        for text in ["MFRGGZDFMY", "mfrg gzdf my", "MFRG-GZDF-MY======", " MFRGGZDFMY\n"] {
            let read = secret(text).unwrap();
            assert_eq!(read.bytes().expose(), b"abcdef", "{text}");
            assert_eq!(read.base32().expose(), "MFRGGZDFMY");
        }
        for text in ["MFRG1", "MFRGGZDFM!", "ä"] {
            assert_eq!(secret(text).unwrap_err(), InvalidTotp::Encoding, "{text}");
        }
        assert_eq!(secret("").unwrap_err(), InvalidTotp::Length);
    }

    #[test]
    fn what_no_app_makes_is_refused() {
        let secret = |digits, period| {
            TotpSecret::imported(vec![1], TotpAlgorithm::Sha1, digits, period).map(drop)
        };
        assert_eq!(secret(5, 30), Err(InvalidTotp::Digits));
        assert_eq!(secret(9, 30), Err(InvalidTotp::Digits));
        assert_eq!(secret(6, 0), Err(InvalidTotp::Period));
        assert_eq!(secret(6, 301), Err(InvalidTotp::Period));
        assert_eq!(secret(8, 60), Ok(()));
        assert_eq!(TotpSecret::new(vec![]).unwrap_err(), InvalidTotp::Length);
        assert_eq!(TotpSecret::new(vec![1; 257]).unwrap_err(), InvalidTotp::Length);
    }
}
