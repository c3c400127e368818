//! Access tokens: JWTs (RFC 7519) signed with EdDSA (RFC 8037) or HS256.
//!
//! One table maps a `kid` to algorithm and key; a token whose header names
//! another algorithm than the table, or no key of it, is refused (RFC 8725,
//! 3.1). The library's checks of time are off: ours use the injected clock.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::config::{JwtAlgorithm, JwtConfig};
use crate::keys::{KeyRing, RootState};
use crate::model::ids::{SessionId, UserId};
use crate::model::session::Session;
use crate::model::user::{Role, User};
use crate::rng::{SecureRng, random};
use crate::secret::Redacted;

/// How far the clock of the machine that issued a token may be ahead.
const LEEWAY: i64 = 60;
/// How many verified tokens are remembered: a few megabytes at most.
const CACHE_ENTRIES: usize = 10_000;
/// The longest token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// The user's id.
    pub sub: UserId,
    /// The user's id again, under the name that clients of the old service read.
    pub id: UserId,
    /// The session.
    pub sid: SessionId,
    /// The user's address when it was issued.
    pub email: String,
    /// The username when it was issued.
    pub username: String,
    /// The role when it was issued. What must not outlive a demotion asks the store.
    pub role: Role,
    /// How the user proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// Always `access`.
    #[serde(rename = "type")]
    pub token_type: String,
    /// Always false; clients of the old service read it.
    pub fresh: bool,
    /// Issued at, in seconds since the epoch.
    pub iat: i64,
    /// Not valid before, in seconds since the epoch.
    pub nbf: i64,
    /// Expires at, in seconds since the epoch.
    pub exp: i64,
    /// Unique to this token.
    pub jti: String,
    /// The application's own claims, see [`claims`](crate::claims).
    #[serde(flatten)]
    pub own: Map<String, Value>,
}

impl AccessClaims {
    /// One of the application's own claims, where it is there and of that type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.own.get(name)?).ok()
    }

    /// Whether one of the application's own claims is this text, or a list that
    /// has it: `claims.has("roles", "editor")`.
    pub fn has(&self, name: &str, value: &str) -> bool {
        match self.own.get(name) {
            Some(Value::String(text)) => text == value,
            Some(Value::Array(list)) => list.iter().any(|item| item.as_str() == Some(value)),
            _ => false,
        }
    }
}

/// Why an access token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// It is not one of ours, or was changed.
    #[error("the token is invalid")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It is a token of another kind, such as a refresh token.
    #[error("this is not an access token")]
    WrongType,
}

/// Why the signing key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtKeyError {
    /// An HS256 key has fewer than 32 bytes (RFC 7518, 3.2).
    #[error("the HS256 key has fewer than 32 bytes")]
    ShortKey,
    /// The cryptographic library refused a key.
    #[error("the signing key was refused: {0}")]
    Refused(String),
}

struct Key {
    kid: String,
    algorithm: Algorithm,
    decoding: DecodingKey,
    /// The public half (RFC 7517), where there is one.
    jwk: Option<serde_json::Value>,
}

/// Issues and checks access tokens.
pub(crate) struct Jwt {
    keys: Vec<Key>,
    signing: EncodingKey,
    header: Header,
    issuer: String,
    audience: String,
    ttl: Duration,
    verified: Cache<[u8; 32], Arc<AccessClaims>>,
}

impl Jwt {
    pub(crate) fn new(
        ring: &KeyRing,
        config: &JwtConfig,
        ttl: Duration,
    ) -> Result<Self, JwtKeyError> {
        let mut keys = Vec::new();
        let mut signing = None;
        match &config.algorithm {
            JwtAlgorithm::EdDsa => {
                for root in ring.roots().iter().filter(|root| root.state != RootState::UnsealOnly) {
                    let (key, encoding) = ed25519(root.jwt_seed.expose())?;
                    if root.state == RootState::Sign {
                        signing = Some((key.kid.clone(), encoding));
                    }
                    keys.push(key);
                }
            }
            JwtAlgorithm::Hs256(secret) => {
                if secret.expose().len() < 32 {
                    return Err(JwtKeyError::ShortKey);
                }
                let key = hs256(secret);
                signing = Some((key.kid.clone(), EncodingKey::from_secret(secret.expose())));
                keys.push(key);
            }
        }
        let Some((kid, signing)) = signing else {
            unreachable!("a key ring has exactly one root that signs");
        };
        let header = Header { kid: Some(kid), ..Header::new(keys[0].algorithm) };
        Ok(Self {
            keys,
            signing,
            header,
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            ttl,
            verified: Cache::new(CACHE_ENTRIES),
        })
    }

    /// How long a token is good.
    pub(crate) fn ttl(&self) -> Duration {
        self.ttl
    }

    pub(crate) fn issue(
        &self,
        user: &User,
        session: &Session,
        own: Map<String, Value>,
        now: Timestamp,
        rng: &dyn SecureRng,
    ) -> Result<Redacted<String>, String> {
        let iat = now.as_secs();
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user.id.clone(),
            id: user.id.clone(),
            sid: session.id,
            email: user.email.as_str().to_owned(),
            username: user.username.as_str().to_owned(),
            role: user.role,
            amr: session.amr.clone(),
            token_type: "access".to_owned(),
            fresh: false,
            iat,
            nbf: iat,
            exp: iat + i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX / 2),
            jti: URL_SAFE_NO_PAD.encode(random::<16>(rng)),
            own,
        };
        let token = jsonwebtoken::encode(&self.header, &claims, &self.signing)
            .map_err(|e| e.to_string())?;
        Ok(Redacted::new(token))
    }

    /// Checks a token. A signature is verified once per token and process; its
    /// times are checked every time.
    pub(crate) fn check(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<AccessClaims>, AccessError> {
        if token.starts_with(crate::token::REFRESH_PREFIX)
            || token.starts_with(crate::token::ONE_TIME_PREFIX)
        {
            return Err(AccessError::WrongType);
        }
        if token.len() > MAX_TOKEN {
            return Err(AccessError::Invalid);
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(claims) = self.verified.get(&digest) {
            let checked = check_times(&claims, now);
            if checked == Err(AccessError::Expired) {
                self.verified.remove(&digest);
            }
            return checked.map(|()| claims);
        }
        let claims = Arc::new(self.verify(token)?);
        check_times(&claims, now)?;
        self.verified.insert(digest, Arc::clone(&claims));
        Ok(claims)
    }

    fn verify(&self, token: &str) -> Result<AccessClaims, AccessError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AccessError::Invalid)?;
        let kid = header.kid.ok_or(AccessError::Invalid)?;
        let key = self.keys.iter().find(|key| key.kid == kid).ok_or(AccessError::Invalid)?;
        if header.alg != key.algorithm {
            return Err(AccessError::Invalid);
        }
        let mut validation = Validation::new(key.algorithm);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        let claims: serde_json::Value = jsonwebtoken::decode(token, &key.decoding, &validation)
            .map_err(|_| AccessError::Invalid)?
            .claims;
        if claims.get("type").and_then(serde_json::Value::as_str) != Some("access") {
            return Err(AccessError::WrongType);
        }
        serde_json::from_value(claims).map_err(|_| AccessError::Invalid)
    }

    /// The public keys as a JWK set (RFC 7517); none with HS256.
    pub(crate) fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self.keys.iter().filter_map(|key| key.jwk.clone()).collect();
        serde_json::json!({ "keys": keys })
    }
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}

fn check_times(claims: &AccessClaims, now: Timestamp) -> Result<(), AccessError> {
    let now = now.as_secs();
    if now >= claims.exp {
        return Err(AccessError::Expired);
    }
    if claims.nbf > now + LEEWAY || claims.iat > now + LEEWAY {
        return Err(AccessError::Invalid);
    }
    Ok(())
}

fn ed25519(seed: &[u8; 32]) -> Result<(Key, EncodingKey), JwtKeyError> {
    let refused = |e: &dyn std::fmt::Display| JwtKeyError::Refused(e.to_string());
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|e| refused(&e))?;
    let der = pair.to_pkcs8v1().map_err(|e| refused(&e))?;
    let encoding = EncodingKey::from_ed_der(der.as_ref());
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let decoding = DecodingKey::from_ed_components(&x).map_err(|e| refused(&e))?;
    // RFC 7638, 3.2 with RFC 8037, 2: the required members in this order, without white space.
    let kid = thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
    let jwk = serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x,
    });
    Ok((Key { kid, algorithm: Algorithm::EdDSA, decoding, jwk: Some(jwk) }, encoding))
}

fn hs256(secret: &Redacted<Vec<u8>>) -> Key {
    let k = URL_SAFE_NO_PAD.encode(secret.expose());
    Key {
        kid: thumbprint(&format!(r#"{{"k":"{k}","kty":"oct"}}"#)),
        algorithm: Algorithm::HS256,
        decoding: DecodingKey::from_secret(secret.expose()),
        jwk: None,
    }
}

fn thumbprint(canonical: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}
