//! ID tokens, and what makes one believed (OpenID Connect Core 1.0, 3.1.3.7).

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::claims::{Claims, Flag};
use super::fault::{Fault, refused};
use crate::clock::Timestamp;
use crate::model::identity::MAX_SUBJECT;
use crate::secret::Redacted;

/// What may have signed a token: nothing that the client's secret, which the
/// provider does not keep to itself, or nobody at all could have made.
const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// How far the provider's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;
/// How old a token may be, in seconds: it is made for this very request.
const MAX_AGE: i64 = 600;

/// A provider's key, and what it verifies.
pub(super) struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: &'a Redacted<String>,
    pub(super) now: Timestamp,
}

#[derive(Deserialize)]
struct Said {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    email: Option<String>,
    email_verified: Option<Flag>,
}

/// One, or several (RFC 7519, 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The header of a token that may be one of ours to look at.
pub(super) fn header(token: &str) -> Result<Header, Fault> {
    let header = jsonwebtoken::decode_header(token).map_err(refused)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(refused(format!("the ID token is signed by {:?}", header.alg)));
    }
    // RFC 7515, 4.1.11: none is understood here.
    if header.crit.is_some() {
        return Err(refused("the ID token has critical extensions"));
    }
    Ok(header)
}

/// Reads a token that can be believed.
pub(super) fn check(
    token: &str,
    key: &VerifyingKey,
    expected: &Expected<'_>,
) -> Result<Claims, Fault> {
    let mut validation = Validation::new(key.algorithm);
    // Ours are below.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let said = jsonwebtoken::decode::<Said>(token, &key.decoding, &validation);
    let said = said.map_err(|error| refused(format!("the ID token: {error}")))?.claims;
    let fails = |what: &str| Err(refused(format!("the ID token's {what}")));
    if said.iss != expected.issuer {
        return fails("iss is another one");
    }
    let audience = match &said.aud {
        Audience::One(one) => std::slice::from_ref(one),
        Audience::Several(several) => several.as_slice(),
    };
    if !audience.iter().any(|one| one == expected.client_id) {
        return fails("aud is another one");
    }
    match &said.azp {
        Some(azp) if azp != expected.client_id => return fails("azp is another one"),
        None if audience.len() > 1 => return fails("azp is missing beside several audiences"),
        _ => {}
    }
    let now = expected.now.as_secs();
    if now >= said.exp {
        return fails("exp is over");
    }
    if said.iat > now + LEEWAY || said.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
        return fails("iat or nbf is to come");
    }
    if said.iat < now - MAX_AGE - LEEWAY {
        return fails("iat is too long ago");
    }
    let nonce = said.nonce.unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return fails("nonce is another one");
    }
    if let Some(hash) = &said.at_hash
        && *hash != half_hash(key.algorithm, expected.access_token)
    {
        return fails("at_hash is another access token's");
    }
    let is_subject = |c: u8| c.is_ascii() && !c.is_ascii_control();
    if !(1..=MAX_SUBJECT).contains(&said.sub.len()) || !said.sub.bytes().all(is_subject) {
        return fails("sub is none");
    }
    Ok(Claims {
        subject: said.sub,
        is_email_verified: said.email_verified.is_some_and(|flag| flag.is_true()),
        email: said.email.filter(|email| !email.is_empty()),
    })
}

/// The left half of the hash that the algorithm has (OpenID Connect Core 1.0,
/// 3.1.3.6); of Ed25519 that is SHA-512 (RFC 8032).
fn half_hash(algorithm: Algorithm, access_token: &Redacted<String>) -> String {
    let hash = match algorithm {
        Algorithm::PS384 => &SHA384,
        Algorithm::PS512 | Algorithm::EdDSA => &SHA512,
        _ => &SHA256,
    };
    let hash = digest::digest(hash, access_token.expose().as_bytes());
    let hash = hash.as_ref();
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}
