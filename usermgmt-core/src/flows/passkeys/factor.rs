//! A passkey as the second factor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential};

use super::request::{internal, internal_error};
use super::verify::{self, ClientData, Verdict};
use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::flows::mfa::{MfaSignInError, SecondFactor, UsedCode};
use crate::flows::open_session::SignedIn;
use crate::model::ids::{PasskeyId, TokenId};
use crate::model::user::Account;
use crate::secret::PlaintextPassword;
use crate::token;

impl Auth {
    /// What a browser is to be asked for a passkey after a first factor, by the ticket
    /// that stands for that. The challenge follows from the ticket, which is good once.
    ///
    /// # Errors
    /// [`MfaSignInError::InvalidCode`] where the ticket is no good, or its user has no
    /// passkey.
    pub async fn mfa_passkey_options(
        &self,
        ticket: &PlaintextPassword,
        client: &Client,
    ) -> Result<Value, MfaSignInError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let id = self.ticket_id(ticket)?;
        let (account, _) = self.ticket_holder(id, now).await?.ok_or(MfaSignInError::InvalidCode)?;
        let passkeys = self.passkeys_of(&account).await?;
        if passkeys.is_empty() || !self.0.config.sign_in.passkeys {
            return Err(MfaSignInError::InvalidCode);
        }
        let challenge = token::ticket_challenge(self.keys().ring.signing(), id);
        let (mut options, _) = self.question()?;
        options["challenge"] = encoded(&challenge);
        let mut allowed = Vec::new();
        for passkey in &passkeys {
            let credential = verify::credential(passkey)?;
            let id = encoded(&credential.cred_id);
            let mut one = serde_json::json!({ "type": "public-key", "id": id });
            if let Some(transports) = &credential.transports {
                one["transports"] = serde_json::to_value(transports).map_err(internal)?;
            }
            allowed.push(one);
        }
        options["allowCredentials"] = allowed.into();
        Ok(options)
    }

    /// Finishes a sign-in by a passkey in place of a code. Ticket, passkey, user and
    /// session are one commit.
    ///
    /// # Errors
    /// [`MfaSignInError`].
    pub async fn sign_in_mfa_by_passkey(
        &self,
        ticket: &PlaintextPassword,
        credential: &Value,
        client: &Client,
    ) -> Result<SignedIn, MfaSignInError> {
        self.finish_mfa(ticket, &SecondFactor::Passkey(credential), client).await
    }

    /// What the answer to a ticket's question proves, and the changes that use it up;
    /// `None` where it is not one.
    pub(in crate::flows) async fn use_passkey(
        &self,
        account: &Account,
        ticket: TokenId,
        credential: &Value,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<UsedCode>, ServiceError> {
        if !self.0.config.sign_in.passkeys {
            return Ok(None);
        }
        let answer: Option<PublicKeyCredential> = serde_json::from_value(credential.clone()).ok();
        let Some(answer) = answer else { return Ok(None) };
        let id = PasskeyId::of_credential(answer.get_credential_id());
        let passkeys = self.passkeys_of(account).await?;
        let Some(passkey) = passkeys.iter().find(|passkey| passkey.id == id) else {
            return Ok(None);
        };
        let Some(data) = ClientData::read(answer.response.client_data_json.as_ref()) else {
            return Ok(None);
        };
        let keys = self.keys();
        let mut challenges =
            keys.ring.verifying().map(|root| token::ticket_challenge(root, ticket));
        let Some(challenge) = challenges.find(|challenge| data.answers(challenge)) else {
            return Ok(None);
        };
        let (_, mut state) = self.question()?;
        state["ast"]["challenge"] = encoded(&challenge);
        let state: DiscoverableAuthentication = serde_json::from_value(state).map_err(internal)?;
        match self.verify_passkey(passkey, &answer, state, now)? {
            Verdict::Right(used) => Ok(Some((super::PROVED.to_vec(), vec![used]))),
            Verdict::Wrong => Ok(None),
            Verdict::WentBack => {
                self.audit_counter(passkey, client, now).await?;
                Ok(None)
            }
        }
    }

    /// A question and what its answer is checked against, but for the challenge.
    fn question(&self) -> Result<(Value, Value), ServiceError> {
        let (options, state) =
            self.webauthn()?.start_discoverable_authentication().map_err(internal_error)?;
        let options = serde_json::to_value(&options.public_key).map_err(internal)?;
        Ok((options, serde_json::to_value(&state).map_err(internal)?))
    }
}

fn encoded(bytes: &[u8]) -> Value {
    URL_SAFE_NO_PAD.encode(bytes).into()
}
