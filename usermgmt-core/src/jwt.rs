//! Access tokens: JWTs (RFC 7519) signed with EdDSA (RFC 8037), ES256, RS256 or HS256.
//!
//! One table maps a `kid` to algorithm and key; a token whose header names
//! another algorithm than the table, or no key of it, is refused (RFC 8725,
//! 3.1). The library's checks of time are off: ours use the injected clock.

mod error;
mod keys;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

pub use self::error::JwtKeyError;
use self::keys::Key;
use crate::clock::Timestamp;
use crate::config::{JwtAlgorithm, JwtConfig};
use crate::keys::KeyRing;
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
#[non_exhaustive]
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
    /// The generation of the session that it was issued with. A token from
    /// before there were any is of a session's first.
    #[serde(rename = "gen", default)]
    pub generation: i64,
    /// How the user proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// When they last proved it, in seconds since the epoch (OpenID Connect Core, 2):
    /// a refresh does not change it. `None` where it is not known: in tokens from
    /// before they said it, and of sessions that the old service began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
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
    /// Whether the user proved who they are by more than one factor, whichever they
    /// were (RFC 8176, `mfa`).
    pub fn is_multi_factor(&self) -> bool {
        self.amr.iter().any(|method| method == "mfa")
    }

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

impl JwtAlgorithm {
    /// Whether the key that was given with it can sign.
    ///
    /// # Errors
    /// [`JwtKeyError`] says why not.
    pub fn check(&self) -> Result<(), JwtKeyError> {
        keys::check(self)
    }
}

/// Issues and checks access tokens.
pub(crate) struct Jwt {
    keys: Vec<Key>,
    signing: EncodingKey,
    header: Header,
    issuer: String,
    audience: String,
    ttl: Duration,
    clock_skew: Duration,
    verified: Cache<[u8; 32], Arc<AccessClaims>>,
}

impl Jwt {
    pub(crate) fn new(
        ring: &KeyRing,
        config: &JwtConfig,
        ttl: Duration,
    ) -> Result<Self, JwtKeyError> {
        let (keys, signing) = keys::load(ring, &config.algorithm)?;
        let header = Header { kid: Some(keys[0].kid.clone()), ..Header::new(keys[0].algorithm) };
        Ok(Self {
            keys,
            signing,
            header,
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            ttl,
            clock_skew: config.clock_skew,
            verified: Cache::new(CACHE_ENTRIES),
        })
    }

    /// How long a token is good.
    pub(crate) fn ttl(&self) -> Duration {
        self.ttl
    }

    /// What an access token of this session says.
    pub(crate) fn claims(
        &self,
        user: &User,
        session: &Session,
        own: Map<String, Value>,
        now: Timestamp,
        rng: &dyn SecureRng,
    ) -> AccessClaims {
        // Back by as much as the clock of whoever verifies it may be behind.
        let iat = (now - self.clock_skew).as_secs();
        AccessClaims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user.id.clone(),
            id: user.id.clone(),
            sid: session.id,
            generation: session.generation,
            email: user.email.as_str().to_owned(),
            username: user.username.as_str().to_owned(),
            role: user.role,
            amr: session.amr.clone(),
            // A session that the old service began has the epoch: nobody knows.
            auth_time: Some(session.auth_time.as_secs()).filter(|&at| at > 0),
            token_type: "access".to_owned(),
            fresh: false,
            iat,
            nbf: iat,
            exp: now.as_secs() + i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX / 2),
            jti: URL_SAFE_NO_PAD.encode(random::<16>(rng)),
            own,
        }
    }

    pub(crate) fn issue(&self, claims: &AccessClaims) -> Result<Redacted<String>, String> {
        let token =
            jsonwebtoken::encode(&self.header, claims, &self.signing).map_err(|e| e.to_string())?;
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
            || token.starts_with(crate::token::BROWSER_PREFIX)
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
        check_header(token)?;
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

/// Refuses what the header asks for and nothing here does: a token is not to mean
/// one thing here and another elsewhere.
pub(crate) fn check_header(token: &str) -> Result<(), AccessError> {
    let header = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let header: serde_json::Map<String, serde_json::Value> =
        header.and_then(|json| serde_json::from_slice(&json).ok()).ok_or(AccessError::Invalid)?;
    // RFC 7515, 4.1.11: no extension is understood, and an empty list is none;
    // RFC 7797 has `b64`, which is an extension.
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(AccessError::Invalid);
    }
    // RFC 8725, 3.11: a JWT of another type is for something else.
    let is_jwt =
        |typ: &serde_json::Value| typ.as_str().is_some_and(|t| t.eq_ignore_ascii_case("jwt"));
    if header.get("typ").is_some_and(|typ| !is_jwt(typ)) {
        return Err(AccessError::Invalid);
    }
    Ok(())
}
