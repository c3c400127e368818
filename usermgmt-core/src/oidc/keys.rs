//! The keys that a provider signs with.

use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::channel::Channel;
use super::fault::{Fault, refused};
use super::http::HttpRequest;
use super::id_token::VerifyingKey;
use crate::clock::Timestamp;

/// How long keys are good without being asked for again.
const LIFE: Duration = Duration::from_secs(3600);
/// How often they are asked for again at most where a token names another one: what
/// anybody can cause must not load the provider.
const AGAIN: Duration = Duration::from_secs(60);

/// The keys, and when they were asked for.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    asked_at: Option<Timestamp>,
    keys: Vec<Jwk>,
}

/// RFC 7517, 5. Keys that are not understood do not hide the others.
#[derive(Deserialize)]
struct Raw {
    keys: Vec<Value>,
}

impl KeySet {
    /// The key that a token says it is signed with.
    pub(super) async fn find(
        &mut self,
        channel: &Channel,
        url: &Url,
        header: &Header,
        now: Timestamp,
    ) -> Result<VerifyingKey, Fault> {
        let age = self.asked_at.map(|at| now.since(at));
        if age.is_none_or(|age| age >= LIFE)
            || (self.key(header).is_none() && age.is_some_and(|age| age >= AGAIN))
        {
            let goes_on = self.key(header).is_some();
            if goes_on {
                // Where they cannot be had, those that are there do for a while longer.
                self.asked_at = Some(now - (LIFE - AGAIN));
            }
            // Else what fails, or is cut off on the way, does not count as asked: the
            // provider has just made a token, and can be asked for its keys each time.
            match channel.ask::<Raw>(HttpRequest::get(url.clone())).await {
                Ok(raw) => {
                    let read = |key| serde_json::from_value(key).ok();
                    self.keys = raw.keys.into_iter().filter_map(read).collect();
                    self.asked_at = Some(now);
                }
                Err(fault) if !goes_on => return Err(fault),
                Err(_) => {}
            }
        }
        let key = self.key(header).ok_or_else(|| refused("no key of the provider's fits"))?;
        let decoding = DecodingKey::from_jwk(key).map_err(refused)?;
        Ok(VerifyingKey { algorithm: header.alg, decoding })
    }

    /// With a `kid` the key of that name; without one the only key that fits (OpenID
    /// Connect Core 1.0, 10.1).
    fn key(&self, header: &Header) -> Option<&Jwk> {
        let mut fitting = self.keys.iter().filter(|key| fits(key, header.alg));
        match &header.kid {
            Some(kid) => fitting.find(|key| key.common.key_id.as_ref() == Some(kid)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

/// Whether a key is one that signs by this algorithm.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    let names_it = match key.common.key_algorithm {
        Some(named) => Algorithm::try_from(named).is_ok_and(|named| named == algorithm),
        None => true,
    };
    signs
        && names_it
        && DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family())
}
