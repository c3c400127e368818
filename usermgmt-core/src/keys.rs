//! One root secret, and every key derived from it (HKDF-SHA-256, RFC 5869).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret::Redacted;

/// The least number of bytes in a root secret.
pub const MIN_SECRET_BYTES: usize = 32;

/// Names a root secret inside tokens and sealed data, without telling anything of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// From the bytes that a token carries.
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// From the text that it is shown as: eight hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| is_one)?;
        Some(Self(number.to_be_bytes()))
    }

    /// The bytes, as a token carries them.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a root secret may still be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootState {
    /// Signs, verifies and opens. Exactly one of a key ring's.
    Sign,
    /// Verifies and opens: one that was just replaced, or one that all replicas
    /// are to know before the first of them signs with it.
    Verify,
    /// Verifies nothing any more and only opens what it sealed: a compromised one.
    UnsealOnly,
}

/// A root secret: at least 32 bytes that nobody can guess.
#[derive(Clone, Debug)]
pub struct RootSecret {
    bytes: Redacted<Vec<u8>>,
    state: RootState,
}

/// Why a text is no root secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Not base64.
    #[error("the secret is not valid base64")]
    Encoding,
    /// Too few bytes.
    #[error("the secret has fewer than {MIN_SECRET_BYTES} bytes")]
    TooShort,
    /// Bytes that are all the same: a placeholder, not a secret.
    #[error("the secret is one byte repeated, which anybody can guess")]
    Guessable,
    /// No or several secrets that sign, or one secret twice.
    #[error("exactly one secret signs, and no secret is given twice")]
    Ring,
}

impl RootSecret {
    /// A secret from its bytes.
    ///
    /// # Errors
    /// [`SecretError::TooShort`] for fewer than [`MIN_SECRET_BYTES`];
    /// [`SecretError::Guessable`] for one byte repeated.
    pub fn new(bytes: Vec<u8>, state: RootState) -> Result<Self, SecretError> {
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(SecretError::TooShort);
        }
        if is_one_byte_repeated(&bytes) {
            return Err(SecretError::Guessable);
        }
        Ok(Self { bytes: Redacted::new(bytes), state })
    }

    /// A secret from base64, standard or URL-safe, with or without padding.
    ///
    /// # Errors
    /// [`SecretError::Encoding`], [`SecretError::TooShort`] and [`SecretError::Guessable`].
    pub fn from_base64(text: &str, state: RootState) -> Result<Self, SecretError> {
        let plain = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
        let padded = format!("{plain}{}", "=".repeat((4 - plain.len() % 4) % 4));
        Self::new(STANDARD.decode(padded).map_err(|_| SecretError::Encoding)?, state)
    }
}

/// Whether a key is what memory or a placeholder is filled with.
pub(crate) fn is_one_byte_repeated(key: &[u8]) -> bool {
    key.iter().all(|byte| *byte == key[0])
}

/// The root secrets of a deployment with everything derived from them.
#[derive(Clone)]
pub struct KeyRing {
    roots: Vec<Root>,
}

#[derive(Clone)]
pub(crate) struct Root {
    pub(crate) id: KeyId,
    pub(crate) state: RootState,
    pub(crate) fingerprint: String,
    mac: Redacted<[u8; 32]>,
    code: Redacted<[u8; 32]>,
    browser: Redacted<[u8; 32]>,
    lookup: Redacted<[u8; 32]>,
    pub(crate) seal: Redacted<[u8; 32]>,
    pub(crate) jwt_seed: Redacted<[u8; 32]>,
    /// Of which the first that is a scalar of the curve is the key; each is one
    /// but for one time in four billion.
    pub(crate) jwt_p256: Redacted<Vec<[u8; 32]>>,
}

impl KeyRing {
    /// A ring of one secret that signs.
    ///
    /// # Errors
    /// [`SecretError`] where it is too short or one byte repeated.
    pub fn single(bytes: Vec<u8>) -> Result<Self, SecretError> {
        Self::new(&[RootSecret::new(bytes, RootState::Sign)?])
    }

    /// A ring of several secrets, of which one signs.
    ///
    /// # Errors
    /// [`SecretError::Ring`] where not exactly one signs or one is there twice.
    pub fn new(secrets: &[RootSecret]) -> Result<Self, SecretError> {
        let mut roots: Vec<Root> = secrets.iter().map(Root::derive).collect();
        roots.sort_by_key(|root| root.state != RootState::Sign);
        let signing = roots.iter().filter(|root| root.state == RootState::Sign).count();
        let twice = roots.iter().enumerate().any(|(i, a)| roots[..i].iter().any(|b| a.id == b.id));
        if signing != 1 || twice {
            return Err(SecretError::Ring);
        }
        Ok(Self { roots })
    }

    /// The root that signs: the first, by construction.
    pub(crate) fn signing(&self) -> &Root {
        &self.roots[0]
    }

    /// The roots whose tokens are still good.
    pub(crate) fn verifying(&self) -> impl Iterator<Item = &Root> {
        self.roots.iter().filter(|root| root.state != RootState::UnsealOnly)
    }

    /// Whether the other has the same secrets in the same states.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let states = |ring: &Self| {
            let states = ring.roots.iter().map(|root| (root.fingerprint.clone(), root.state));
            let mut states: Vec<_> = states.collect();
            states.sort_by(|a, b| a.0.cmp(&b.0));
            states
        };
        states(self) == states(other)
    }

    pub(crate) fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// A key for counters and devices: what somebody typed or where they are,
    /// so that the store holds neither.
    pub(crate) fn lookup_key(&self, use_: &str, fields: &[&[u8]]) -> String {
        let root = self.signing();
        let mut all: Vec<&[u8]> = vec![use_.as_bytes()];
        all.extend_from_slice(fields);
        URL_SAFE_NO_PAD.encode(mac(root.lookup.expose(), root.id, &all))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots: Vec<_> =
            self.roots.iter().map(|root| (root.id.to_string(), root.state)).collect();
        f.debug_struct("KeyRing").field("roots", &roots).finish()
    }
}

impl Root {
    fn derive(secret: &RootSecret) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, secret.bytes.expose());
        let key = |use_: &str| -> [u8; 32] {
            let mut okm = [0; 32];
            let info = format!("usermgmt/v1/{use_}");
            if hkdf.expand(info.as_bytes(), &mut okm).is_err() {
                unreachable!("HKDF-SHA-256 gives up to 8160 bytes");
            }
            okm
        };
        let [a, b, c, d, ..] = key("key-id");
        Self {
            id: KeyId([a, b, c, d]),
            state: secret.state,
            fingerprint: URL_SAFE_NO_PAD.encode(key("fingerprint")),
            mac: Redacted::new(key("token-mac")),
            code: Redacted::new(key("short-code")),
            browser: Redacted::new(key("browser-session")),
            lookup: Redacted::new(key("lookup")),
            seal: Redacted::new(key("seal")),
            jwt_seed: Redacted::new(key("jwt-ed25519")),
            jwt_p256: Redacted::new((0..4).map(|n| key(&format!("jwt-p256/{n}"))).collect()),
        }
    }

    /// The MAC of a token's fields.
    pub(crate) fn token_mac(&self, fields: &[&[u8]]) -> [u8; 32] {
        mac(self.mac.expose(), self.id, fields)
    }

    /// The MAC of what a browser presents.
    pub(crate) fn browser_mac(&self, fields: &[&[u8]]) -> [u8; 32] {
        mac(self.browser.expose(), self.id, fields)
    }

    /// The MAC that a short code is drawn from.
    pub(crate) fn code_mac(&self, fields: &[&[u8]]) -> [u8; 32] {
        mac(self.code.expose(), self.id, fields)
    }
}

/// HMAC-SHA-256 over the version, the key id and each field behind its length,
/// so that no two lists of fields are one text.
fn mac(key: &[u8; 32], id: KeyId, fields: &[&[u8]]) -> [u8; 32] {
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length");
    };
    hmac.update(&[1]);
    hmac.update(id.as_bytes());
    for field in fields {
        hmac.update(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        hmac.update(field);
    }
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8, state: RootState) -> RootSecret {
        RootSecret::new((byte..byte + 32).collect(), state).unwrap()
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(KeyRing::single((0..31).collect()).unwrap_err(), SecretError::TooShort);
        assert_eq!(
            RootSecret::from_base64("%%%", RootState::Sign).unwrap_err(),
            SecretError::Encoding
        );
    }

    #[test]
    fn one_byte_repeated_is_no_secret() {
        for byte in [0, 7, b'a', 0xff] {
            assert_eq!(KeyRing::single(vec![byte; 48]).unwrap_err(), SecretError::Guessable);
            let text = STANDARD.encode([byte; 32]);
            let read = RootSecret::from_base64(&text, RootState::Verify);
            assert_eq!(read.unwrap_err(), SecretError::Guessable);
        }
    }

    #[test]
    fn base64_comes_in_every_common_form() {
        let bytes: Vec<u8> = (0xd0..0xd0 + 33).collect();
        for text in [
            STANDARD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
            format!("{}\n", STANDARD.encode(&bytes)),
        ] {
            let ring =
                KeyRing::new(&[RootSecret::from_base64(&text, RootState::Sign).unwrap()]).unwrap();
            assert_eq!(ring.signing().id, KeyRing::single(bytes.clone()).unwrap().signing().id);
        }
    }

    #[test]
    fn exactly_one_secret_signs() {
        assert!(KeyRing::new(&[]).is_err());
        assert!(KeyRing::new(&[secret(1, RootState::Verify)]).is_err());
        assert!(KeyRing::new(&[secret(1, RootState::Sign), secret(2, RootState::Sign)]).is_err());
        assert!(KeyRing::new(&[secret(1, RootState::Sign), secret(1, RootState::Verify)]).is_err());
        assert!(KeyRing::new(&[secret(1, RootState::Verify), secret(2, RootState::Sign)]).is_ok());
    }

    #[test]
    fn fields_cannot_run_into_each_other() {
        let ring = KeyRing::single((7..39).collect()).unwrap();
        assert_ne!(ring.lookup_key("x", &[b"ab", b"c"]), ring.lookup_key("x", &[b"a", b"bc"]));
        assert_ne!(ring.lookup_key("x", &[b""]), ring.lookup_key("x", &[]));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let ring = KeyRing::single((7..39).collect()).unwrap();
        assert!(!format!("{ring:?} {:?}", secret(7, RootState::Sign)).contains("7, 8"));
    }
}
