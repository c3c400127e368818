//! A sign-in that is under way: sealed in a one-time row, so that any replica
//! finishes what another began, and bound to the browser that began it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::ids::{SessionId, TokenId, UserId};
use crate::model::token::{Purpose, Token};
use crate::oidc::Secrets;
use crate::rng::random;
use crate::secret::Redacted;
use crate::{seal, token};

/// What somebody went to a provider for.
#[derive(Serialize, Deserialize)]
pub(super) struct Ceremony {
    pub(super) provider: String,
    pub(super) redirect_uri: String,
    pub(super) secrets: Secrets,
    pub(super) return_to: Option<String>,
    /// Where an identity is to be linked.
    pub(super) link: Option<LinkTo>,
}

/// The session that asked for it, which must not have ended meanwhile.
#[derive(Serialize, Deserialize)]
pub(super) struct LinkTo {
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

/// What a row binds: its content, and the browser that it is good in.
#[derive(Serialize, Deserialize)]
struct Bound<T> {
    browser: String,
    content: T,
}

/// What a browser keeps: 32 random bytes. The row has their hash.
pub(super) struct Browser(Redacted<String>);

impl Browser {
    /// The one that it has already, so that two tabs do not disturb each other, or
    /// a new one.
    pub(super) fn of(auth: &Auth, presented: Option<&str>) -> Self {
        let is_one =
            |text: &&str| URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        let text = match presented.filter(is_one) {
            Some(text) => text.to_owned(),
            None => URL_SAFE_NO_PAD.encode(random::<32>(&*auth.0.rng)),
        };
        Self(Redacted::new(text))
    }

    pub(super) fn into_cookie(self) -> Redacted<String> {
        self.0
    }
}

fn hash(browser: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(browser.as_bytes()))
}

impl Auth {
    /// A one-time row with this content, good in this browser alone.
    pub(super) fn sealed_row<T: Serialize>(
        &self,
        purpose: Purpose,
        user: Option<&UserId>,
        browser: &str,
        content: T,
        now: Timestamp,
    ) -> Result<Token, ServiceError> {
        let row = self.new_token(user, purpose, None, self.token_life(purpose), now);
        let bound = serde_json::to_vec(&Bound { browser: hash(browser), content });
        let bound = bound.map_err(|error| ServiceError::Internal(error.to_string()))?;
        let (keys, owner) = (self.keys(), row.id.to_string());
        let sealed = seal::seal(&keys.ring, &*self.0.rng, &owner, SEAL, &bound);
        Ok(Token { binding: Some(URL_SAFE_NO_PAD.encode(sealed)), ..row })
    }

    /// The row that a token names, and its content, where it is live and this is the
    /// browser.
    pub(super) async fn open_sealed<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        text: &str,
        browser: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<(Token, T)>, ServiceError> {
        let Some(id) = self.row_named(purpose, text) else { return Ok(None) };
        let row = self.read(self.0.store.token(id)).await?;
        let row = row.filter(|row| row.purpose == purpose && row.is_live(now));
        Ok(row.and_then(|row| {
            let sealed = URL_SAFE_NO_PAD.decode(row.binding.as_deref()?).ok()?;
            let bound = seal::open(&self.keys().ring, &row.id.to_string(), SEAL, &sealed)?;
            let bound: Bound<T> = serde_json::from_slice(bound.expose()).ok()?;
            let is_here = bound.browser.as_bytes().ct_eq(hash(browser?).as_bytes());
            bool::from(is_here).then_some((row, bound.content))
        }))
    }

    fn row_named(&self, purpose: Purpose, text: &str) -> Option<TokenId> {
        let (named, id) = token::parse_one_time(&self.keys().ring, text)?;
        (named == purpose).then_some(id)
    }
}

const SEAL: &str = "provider-sign-in";
