//! Checking what an authenticator signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use webauthn_rs::prelude::{
    Credential, DiscoverableAuthentication, DiscoverableKey, PublicKeyCredential, WebauthnError,
};

use super::request::internal;
use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::passkey::Passkey;
use crate::store::Change;

/// What the browser says it did.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    pub(super) challenge: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

impl ClientData {
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// Whether a page of another site had it done in a frame (WebAuthn Level 3, 7.2,
    /// step 13): here nothing is meant to be framed.
    pub(super) fn is_of_a_frame(&self) -> bool {
        self.cross_origin || self.top_origin.is_some()
    }

    pub(super) fn answers(&self, challenge: &[u8]) -> bool {
        self.challenge == URL_SAFE_NO_PAD.encode(challenge)
    }
}

/// What came of an answer.
pub(super) enum Verdict {
    /// The passkey's owner. The change notes that it signed.
    Right(Change),
    /// Not an answer of this passkey to this question.
    Wrong,
    /// One of this passkey, whose counter went back: there are two of it.
    WentBack,
}

/// The key as it was added, with what has changed since.
pub(super) fn credential(passkey: &Passkey) -> Result<Credential, ServiceError> {
    let mut credential: Credential = serde_json::from_str(&passkey.credential).map_err(internal)?;
    credential.counter = u32::try_from(passkey.counter).unwrap_or(u32::MAX);
    credential.backup_state = passkey.backed_up;
    Ok(credential)
}

impl Auth {
    /// Whether the answer is of this passkey, to the question that the state is of.
    pub(super) fn verify_passkey(
        &self,
        passkey: &Passkey,
        answer: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        now: Timestamp,
    ) -> Result<Verdict, ServiceError> {
        let is_framed = ClientData::read(answer.response.client_data_json.as_ref())
            .is_none_or(|data| data.is_of_a_frame());
        // One that is asked for by name need not say whose it is (WebAuthn, 7.2, step 6).
        let handle = answer.get_user_unique_id();
        let is_theirs = handle.is_none_or(|handle| is_handle(handle, passkey));
        if is_framed || !is_theirs || answer.type_ != "public-key" {
            return Ok(Verdict::Wrong);
        }
        let key: DiscoverableKey = webauthn_rs::prelude::Passkey::from(credential(passkey)?).into();
        match self.webauthn()?.finish_discoverable_authentication_v2(answer, state, &key) {
            Ok(signed) => Ok(Verdict::Right(Change::UsePasskey {
                id: passkey.id.clone(),
                user_id: passkey.user_id.clone(),
                counter: passkey.counter,
                to: signed.counter().into(),
                backed_up: signed.backup_state(),
                at: now,
            })),
            Err(WebauthnError::CredentialPossibleCompromise) => Ok(Verdict::WentBack),
            Err(error) => {
                tracing::debug!(%error, "a passkey's answer was refused");
                Ok(Verdict::Wrong)
            }
        }
    }

    /// Writes down that a passkey's counter went back.
    pub(super) async fn audit_counter(
        &self,
        passkey: &Passkey,
        client: &crate::auth::Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let entry = self.audit(&passkey.user_id, "passkey.counter_went_back", &[], now);
        // Only a new row: nothing here can have changed in between.
        let _ = self.commit_from(client, vec![entry], now).await?;
        Ok(())
    }
}

/// Whether the authenticator knows its user by this passkey's handle.
pub(super) fn is_handle(handle: &[u8], passkey: &Passkey) -> bool {
    uuid::Uuid::parse_str(&passkey.handle).is_ok_and(|known| known.as_bytes() == handle)
}
