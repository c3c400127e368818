//! The state of a ceremony, with whoever began it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder, WebauthnError};

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::config::PASSKEY_TTL;
use crate::model::ids::{TokenId, UserId};
use crate::model::token::{Purpose, Token};
use crate::seal;
use crate::store::Change;

/// A ceremony that began: its state, and the row that will mark it as used up.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun<S> {
    id: TokenId,
    expires_at: Timestamp,
    pub(super) state: S,
}

impl<S> Begun<S> {
    /// What uses it up. Guarded (`Exists`): nothing did.
    pub(super) fn used_up(&self, user: &UserId, purpose: Purpose, now: Timestamp) -> Change {
        Change::InsertToken(Token {
            id: self.id,
            user_id: Some(user.clone()),
            purpose,
            binding: None,
            created_at: now,
            expires_at: self.expires_at,
            used_at: Some(now),
            code_issue: 0,
            code_expires_at: None,
        })
    }
}

impl Auth {
    /// What a ceremony's answer must bring back: its state, sealed.
    pub(super) fn begin_ceremony<S: Serialize>(
        &self,
        purpose: Purpose,
        state: S,
        now: Timestamp,
    ) -> Result<String, ServiceError> {
        let begun =
            Begun { id: TokenId::generate(&*self.0.rng), expires_at: now + PASSKEY_TTL, state };
        let plain = serde_json::to_vec(&begun).map_err(internal)?;
        let (keys, rng) = (self.keys(), &*self.0.rng);
        Ok(URL_SAFE_NO_PAD.encode(seal::seal(&keys.ring, rng, OWNER, label(purpose), &plain)))
    }

    /// The ceremony that this request began; `None` where it is none of ours, of
    /// another kind, or over.
    pub(super) fn open_ceremony<S: DeserializeOwned>(
        &self,
        purpose: Purpose,
        request: &str,
        now: Timestamp,
    ) -> Option<Begun<S>> {
        let sealed = URL_SAFE_NO_PAD.decode(request).ok()?;
        let keys = self.keys();
        // What a compromised secret sealed is not believed.
        let mut verifying = keys.ring.verifying();
        verifying.find(|root| sealed.starts_with(root.id.as_bytes()))?;
        let plain = seal::open(&keys.ring, OWNER, label(purpose), &sealed)?;
        let begun: Begun<S> = serde_json::from_slice(plain.expose()).ok()?;
        (now < begun.expires_at).then_some(begun)
    }

    /// What checks the answers of authenticators.
    pub(super) fn webauthn(&self) -> Result<Webauthn, ServiceError> {
        let config = &self.0.config;
        let (rp_id, origins) = (config.passkey_rp_id(), config.passkey_origins());
        let Some((first, others)) = origins.split_first() else {
            return Err(ServiceError::Internal("passkeys have no origin".to_owned()));
        };
        let builder = WebauthnBuilder::new(&rp_id, first).map_err(internal_error)?;
        let builder = builder.rp_name(&config.product_name).timeout(PASSKEY_TTL);
        let builder =
            others.iter().fold(builder, |builder, origin| builder.append_allowed_origin(origin));
        builder.build().map_err(internal_error)
    }
}

/// Nobody's in particular: a sign-in names nobody until it is answered.
const OWNER: &str = "passkeys";

const fn label(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::PasskeyRegistration => "passkey-registration",
        _ => "passkey-sign-in",
    }
}

pub(super) fn internal(error: serde_json::Error) -> ServiceError {
    ServiceError::Internal(format!("a passkey's ceremony: {error}"))
}

pub(super) fn internal_error(error: WebauthnError) -> ServiceError {
    ServiceError::Internal(format!("a passkey's ceremony: {error}"))
}
