//! Beginning to add a passkey.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{PasskeyRegistration, Uuid};

use super::request::{internal, internal_error};
use super::{PasskeyError, verify};
use crate::auth::Auth;
use crate::flows::authenticate::Current;
use crate::model::ids::{SessionId, UserId};
use crate::model::passkey::MAX_PASSKEYS;
use crate::model::token::Purpose;
use crate::rng::random;

/// What a browser is asked, and what its answer must bring back.
#[derive(Clone, Debug)]
pub struct PasskeyRequest {
    /// Opaque. It is good once, for five minutes, for what it was asked for.
    pub request: String,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON()`, or
    /// `parseRequestOptionsFromJSON()` (WebAuthn Level 3, 5.1.8 and 5.1.9).
    pub options: Value,
}

/// The state between asking for a passkey and adding it.
#[derive(Serialize, Deserialize)]
pub(super) struct Registration {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) handle: String,
    pub(super) state: PasskeyRegistration,
}

impl Auth {
    /// What a browser is to be asked to make a passkey for the signed-in user. Needs
    /// a sign-in within 15 minutes.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn passkey_options(&self, current: &Current) -> Result<PasskeyRequest, PasskeyError> {
        if !self.0.config.sign_in.passkeys {
            return Err(PasskeyError::Off);
        }
        self.reauthenticate(current, None).await?;
        let now = self.now();
        let user = &current.user;
        let known = self.read(self.0.store.passkeys(std::slice::from_ref(&user.id))).await?;
        if known.len() >= MAX_PASSKEYS {
            return Err(PasskeyError::TooMany);
        }
        // One handle for all of a user's passkeys: an authenticator that gets a second
        // one for the same handle replaces the first, and shows the user once.
        let handle = known.first().and_then(|passkey| Uuid::parse_str(&passkey.handle).ok());
        let handle = handle
            .unwrap_or_else(|| uuid::Builder::from_random_bytes(random(&*self.0.rng)).into_uuid());
        let mut ids = Vec::new();
        for passkey in &known {
            ids.push(verify::credential(passkey)?.cred_id);
        }
        let (options, state) = self
            .webauthn()?
            .start_passkey_registration(
                handle,
                user.email.as_str(),
                user.username.as_str(),
                Some(ids),
            )
            .map_err(internal_error)?;
        // The crate asks for keys that need a name to be typed first; the point of a
        // passkey is that none is. It does not check it, and cannot.
        let mut public_key = serde_json::to_value(&options.public_key).map_err(internal)?;
        let selection = &mut public_key["authenticatorSelection"];
        selection["residentKey"] = "required".into();
        selection["requireResidentKey"] = true.into();
        let registration = Registration {
            user: user.id.clone(),
            session: current.session.id,
            handle: handle.to_string(),
            state,
        };
        let request = self.begin_ceremony(Purpose::PasskeyRegistration, registration, now)?;
        Ok(PasskeyRequest { request, options: public_key })
    }
}
