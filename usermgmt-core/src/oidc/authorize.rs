//! Sending a browser to a provider.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::settings::{ProviderConfig, ProviderKind};
use crate::rng::{SecureRng, random};
use crate::secret::Redacted;

/// What binds a provider's answer to this sign-in. It never leaves the server but
/// as hash and nonce.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    /// Whoever brings the code must know it (PKCE, RFC 7636).
    pub(crate) verifier: Redacted<String>,
    /// The ID token names it (OpenID Connect Core 1.0, 3.1.2.1).
    pub(crate) nonce: String,
}

/// As they are sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    verifier: String,
    nonce: String,
}

impl Serialize for Secrets {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (verifier, nonce) = (self.verifier.expose().clone(), self.nonce.clone());
        Sealed { verifier, nonce }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Sealed { verifier, nonce } = Sealed::deserialize(from)?;
        Ok(Self { verifier: Redacted::new(verifier), nonce })
    }
}

impl Secrets {
    pub(crate) fn generate(rng: &dyn SecureRng) -> Self {
        // 32 bytes each (RFC 7636, 4.1).
        let [verifier, nonce] = [0; 2].map(|_| URL_SAFE_NO_PAD.encode(random::<32>(rng)));
        Self { verifier: Redacted::new(verifier), nonce }
    }

    /// RFC 7636, 4.2: S256.
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose().as_bytes()))
    }
}

/// What a provider is asked for.
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a Redacted<String>,
    pub(crate) secrets: &'a Secrets,
}

impl AuthorizationRequest<'_> {
    pub(super) fn url(&self, mut endpoint: Url, provider: &ProviderConfig) -> Url {
        let scopes = provider.scopes.join(" ");
        let challenge = self.secrets.challenge();
        let mut query = endpoint.query_pairs_mut();
        query.extend_pairs([
            ("response_type", "code"),
            ("client_id", &provider.client_id),
            ("redirect_uri", self.redirect_uri),
            ("scope", &scopes),
            ("state", self.state.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        if provider.kind == ProviderKind::Oidc {
            query.append_pair("nonce", &self.secrets.nonce);
        }
        drop(query);
        endpoint
    }
}
