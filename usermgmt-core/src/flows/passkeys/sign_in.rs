//! Signing in by a passkey: nobody is named until the passkey says who.

use serde_json::Value;
use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential};

use super::registration::PasskeyRequest;
use super::request::{Begun, internal, internal_error};
use super::verify::{Verdict, is_handle};
use super::{PROVED, PasskeyError};
use crate::auth::{Auth, Client, ServiceError};
use crate::event::SignInFailure;
use crate::flows::open_session::SignedIn;
use crate::metrics::{Counted, SignInResult};
use crate::model::ids::{PasskeyId, UserId};
use crate::model::token::Purpose;
use crate::store::Guard;

/// Why a passkey did not sign in.
#[derive(Debug, thiserror::Error)]
pub enum PasskeySignInError {
    /// Passkeys are off ([`SignInMethods::passkeys`](crate::config::SignInMethods::passkeys)).
    #[error("passkeys are off")]
    Off,
    /// Not a passkey of anybody who may sign in, or not an answer to what was asked.
    /// Which of them is nobody's business.
    #[error("the passkey could not be verified")]
    Invalid,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// What a browser is to be asked to sign somebody in by a passkey. It names
    /// nobody, so it tells nothing. It asks no store and counts as no attempt, since
    /// every look at a sign-in page begins one: the answer is what is limited.
    ///
    /// # Errors
    /// [`PasskeyError::Off`], [`PasskeyError::Service`].
    pub fn passkey_sign_in_options(&self) -> Result<PasskeyRequest, PasskeyError> {
        if !self.0.config.sign_in.passkeys {
            return Err(PasskeyError::Off);
        }
        let now = self.now();
        let (options, state) =
            self.webauthn()?.start_discoverable_authentication().map_err(internal_error)?;
        let options = serde_json::to_value(&options.public_key).map_err(internal)?;
        let request = self.begin_ceremony(Purpose::PasskeySignIn, state, now)?;
        Ok(PasskeyRequest { request, options })
    }

    /// Signs in by a passkey, which stands for both factors: its authenticator has the
    /// key, and has made sure of its owner.
    ///
    /// # Errors
    /// [`PasskeySignInError`].
    pub async fn sign_in_by_passkey(
        &self,
        request: &str,
        credential: &Value,
        client: &Client,
    ) -> Result<SignedIn, PasskeySignInError> {
        if !self.0.config.sign_in.passkeys {
            return Err(PasskeySignInError::Off);
        }
        let now = self.now();
        self.attempt_token(client, now).await?;
        let begun: Option<Begun<DiscoverableAuthentication>> =
            self.open_ceremony(Purpose::PasskeySignIn, request, now);
        let answer: Option<PublicKeyCredential> = serde_json::from_value(credential.clone()).ok();
        let (Some(begun), Some(answer)) = (begun, answer) else {
            return Err(self.refuse_passkey(None));
        };
        let id = PasskeyId::of_credential(answer.get_credential_id());
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let passkey = self.read(self.0.store.passkey(&id)).await?.filter(|passkey| {
                answer.get_user_unique_id().is_some_and(|handle| is_handle(handle, passkey))
            });
            let Some(passkey) = passkey else { return Err(self.refuse_passkey(None)) };
            let account = self.read(self.0.store.account(&passkey.user_id)).await?;
            let whose = Some(passkey.user_id.clone());
            let Some(account) = account.filter(|account| account.user.is_active()) else {
                return Err(self.refuse_passkey(whose));
            };
            let used = match self.verify_passkey(&passkey, &answer, begun.state.clone(), now)? {
                Verdict::Right(used) => used,
                Verdict::Wrong => return Err(self.refuse_passkey(whose)),
                Verdict::WentBack => {
                    self.audit_counter(&passkey, client, now).await?;
                    return Err(self.refuse_passkey(whose));
                }
            };
            let earned_by =
                vec![used, begun.used_up(&passkey.user_id, Purpose::PasskeySignIn, now)];
            match self.open_session(&account.user, &PROVED, earned_by, client, now).await? {
                Ok(signed_in) => return Ok(signed_in),
                // It is used up.
                Err(Guard::Exists) => return Err(self.refuse_passkey(whose)),
                Err(_) => {}
            }
        }
    }

    fn refuse_passkey(&self, whose: Option<UserId>) -> PasskeySignInError {
        self.0.metrics.count(Counted::SignIn(SignInResult::Refused));
        self.tell_failure(whose, SignInFailure::Passkey, self.now());
        PasskeySignInError::Invalid
    }
}
