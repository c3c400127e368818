//! The keys that sign and verify access tokens, by `kid`.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sha2::{Digest as _, Sha256};

use super::error::JwtKeyError;
use crate::config::JwtAlgorithm;
use crate::keys::{KeyRing, RootState, is_one_byte_repeated};
use crate::secret::Redacted;

/// A key that verifies.
pub(super) struct Key {
    /// Its thumbprint (RFC 7638).
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    /// The public half (RFC 7517), where there is one.
    pub(super) jwk: Option<serde_json::Value>,
}

/// All that verify, and the first, which signs.
pub(super) fn load(
    ring: &KeyRing,
    algorithm: &JwtAlgorithm,
) -> Result<(Vec<Key>, EncodingKey), JwtKeyError> {
    let (signs, signing) = match algorithm {
        JwtAlgorithm::EdDsa => ed25519(ring.signing().jwt_seed.expose())?,
        JwtAlgorithm::Es256 => p256(ring.signing().jwt_p256.expose())?,
        JwtAlgorithm::Hs256(secret) => hs256(secret)?,
        JwtAlgorithm::Rs256(pem) => rs256(pem)?,
    };
    let mut keys = vec![signs];
    for root in ring.roots().iter().filter(|root| root.state == RootState::Verify) {
        match algorithm {
            JwtAlgorithm::EdDsa => keys.push(ed25519(root.jwt_seed.expose())?.0),
            JwtAlgorithm::Es256 => keys.push(p256(root.jwt_p256.expose())?.0),
            // Not derived from a root.
            JwtAlgorithm::Hs256(_) | JwtAlgorithm::Rs256(_) => {}
        }
    }
    Ok((keys, signing))
}

/// Whether a key that was given can sign.
pub(super) fn check(algorithm: &JwtAlgorithm) -> Result<(), JwtKeyError> {
    match algorithm {
        JwtAlgorithm::EdDsa | JwtAlgorithm::Es256 => Ok(()),
        JwtAlgorithm::Hs256(secret) => hs256(secret).map(drop),
        JwtAlgorithm::Rs256(pem) => rs256(pem).map(drop),
    }
}

fn ed25519(seed: &[u8; 32]) -> Result<(Key, EncodingKey), JwtKeyError> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(refused)?;
    let der = pair.to_pkcs8v1().map_err(refused)?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let decoding = DecodingKey::from_ed_components(&x).map_err(refused)?;
    // RFC 7638, 3.2 with RFC 8037, 2: the required members in this order, without white space.
    let kid = thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
    let jwk = serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x,
    });
    let key = Key { kid, algorithm: Algorithm::EdDSA, decoding, jwk: Some(jwk) };
    Ok((key, EncodingKey::from_ed_der(der.as_ref())))
}

/// The first candidate that is a scalar of the curve (FIPS 186-5, A.2.2).
fn p256(candidates: &[[u8; 32]]) -> Result<(Key, EncodingKey), JwtKeyError> {
    let found = candidates.iter().find_map(|scalar| {
        PrivateKey::from_private_key(&ECDH_P256, scalar).ok().map(|key| (scalar, key))
    });
    let (scalar, private) = found.ok_or_else(|| refused("no scalar of P-256 was derived"))?;
    let public = private.compute_public_key().map_err(refused)?;
    // SEC 1, 2.3.3: 4 ‖ x ‖ y.
    let (_, point) = public.as_ref().split_at(1);
    let (x, y) = point.split_at(32);
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        scalar,
        public.as_ref(),
    )
    .map_err(refused)?;
    let der = pair.to_pkcs8v1().map_err(refused)?;
    let decoding = DecodingKey::from_ec_components(&x, &y).map_err(refused)?;
    let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
    let jwk = serde_json::json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y,
    });
    let key = Key { kid, algorithm: Algorithm::ES256, decoding, jwk: Some(jwk) };
    Ok((key, EncodingKey::from_ec_der(der.as_ref())))
}

fn hs256(secret: &Redacted<Vec<u8>>) -> Result<(Key, EncodingKey), JwtKeyError> {
    let bytes = secret.expose();
    if bytes.len() < 32 {
        return Err(JwtKeyError::ShortKey);
    }
    if is_one_byte_repeated(bytes) {
        return Err(JwtKeyError::GuessableKey);
    }
    let k = Redacted::new(URL_SAFE_NO_PAD.encode(bytes));
    let members = Redacted::new(format!(r#"{{"k":"{}","kty":"oct"}}"#, k.expose()));
    let key = Key {
        kid: thumbprint(members.expose()),
        algorithm: Algorithm::HS256,
        decoding: DecodingKey::from_secret(bytes),
        jwk: None,
    };
    Ok((key, EncodingKey::from_secret(bytes)))
}

fn rs256(pem: &Redacted<String>) -> Result<(Key, EncodingKey), JwtKeyError> {
    let encoding =
        EncodingKey::from_rsa_pem(pem.expose().as_bytes()).map_err(|_| JwtKeyError::NotAnRsaKey)?;
    let pair = RsaKeyPair::from_der(encoding.as_bytes()).map_err(|_| JwtKeyError::NotAnRsaKey)?;
    // RFC 7518, 3.3; what verifies takes no longer one.
    if !(256..=1024).contains(&pair.public_modulus_len()) {
        return Err(JwtKeyError::RsaSize { bits: pair.public_modulus_len() * 8 });
    }
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let [n, e] = [&public.n, &public.e].map(|number| URL_SAFE_NO_PAD.encode(number));
    let decoding = DecodingKey::from_rsa_raw_components(&public.n, &public.e);
    let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
    let jwk = serde_json::json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e,
    });
    Ok((Key { kid, algorithm: Algorithm::RS256, decoding, jwk: Some(jwk) }, encoding))
}

fn thumbprint(canonical: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}

fn refused(error: impl std::fmt::Display) -> JwtKeyError {
    JwtKeyError::Refused(error.to_string())
}
