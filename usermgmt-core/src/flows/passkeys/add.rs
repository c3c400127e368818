//! Adding a passkey.

use serde_json::Value;
use webauthn_rs::prelude::{
    COSEAlgorithm, COSEKey, COSEKeyType, Credential, ECDSACurve, RegisterPublicKeyCredential,
};

use super::registration::Registration;
use super::request::internal;
use super::verify::ClientData;
use super::{PasskeyError, authenticator, rename};
use crate::auth::Auth;
use crate::flows::authenticate::Current;
use crate::flows::mfa::RecoveryCodes;
use crate::model::ids::PasskeyId;
use crate::model::mail::MailKind;
use crate::model::passkey::{MAX_PASSKEYS, Passkey};
use crate::model::token::Purpose;
use crate::store::{Change, Guard};

/// What a passkey is called whose owner gives it no name, and whose authenticator is
/// not known either.
const NAMELESS: &str = "Passkey";

/// A passkey that was added.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AddedPasskey {
    /// The passkey.
    pub passkey: Passkey,
    /// The first second factor of an account brings the codes that stand in for it:
    /// this is the only time that they are seen.
    pub recovery_codes: Option<RecoveryCodes>,
}

impl Auth {
    /// Adds the passkey that the browser made for what
    /// [`passkey_options`](Auth::passkey_options) asked. From now on it signs in by
    /// itself, and a password alone does not any more.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn add_passkey(
        &self,
        current: &Current,
        request: &str,
        credential: &Value,
        name: Option<&str>,
    ) -> Result<AddedPasskey, PasskeyError> {
        if !self.0.config.sign_in.passkeys {
            return Err(PasskeyError::Off);
        }
        let given = name.map(rename::checked).transpose()?;
        self.attempt_token(&current.client, self.now()).await?;
        let begun = self
            .open_ceremony::<Registration>(Purpose::PasskeyRegistration, request, self.now())
            .filter(|begun| begun.state.user == current.user.id)
            .filter(|begun| begun.state.session == current.session.id)
            .ok_or(PasskeyError::Invalid)?;
        let (made, default) = self.verify_registration(&begun.state, credential)?;
        let name = given.unwrap_or_else(|| default.to_owned());
        let id = PasskeyId::of_credential(&made.cred_id);
        let stored = serde_json::to_string(&made).map_err(internal)?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let user = &current.user.id;
            let account = self.account(user).await?.ok_or(PasskeyError::NotFound)?;
            current.still(&account.user)?;
            let others = self.passkeys_of(&account).await?;
            if others.len() >= MAX_PASSKEYS {
                return Err(PasskeyError::TooMany);
            }
            let passkey = Passkey {
                id: id.clone(),
                user_id: user.clone(),
                handle: begun.state.handle.clone(),
                name: name.clone(),
                credential: stored.clone(),
                counter: made.counter.into(),
                backed_up: made.backup_state,
                created_at: now,
                last_used_at: None,
            };
            let time = now.to_string();
            let params = [("name", name.as_str()), ("time", &time)];
            let mut list = vec![
                begun.used_up(user, Purpose::PasskeyRegistration, now),
                Change::UpdateUser {
                    id: user.clone(),
                    epoch: account.user.epoch,
                    raise_epoch: true,
                    at: now,
                    set: Box::default(),
                },
                Change::InsertPasskey(Box::new(passkey.clone())),
                self.mail_user(MailKind::PasskeyAdded, &account.user, vec![], &params, now),
                self.audit(user, "passkey.added", &[], now),
            ];
            let mut recovery_codes = None;
            if self.second_factors(&account).await?.is_empty() {
                let (codes, hashes) = self.recovery_codes(user);
                list.push(Change::ReplaceRecoveryCodes { user_id: user.clone(), hashes });
                recovery_codes = Some(codes);
            }
            match self.commit_from(&current.client, list, now).await? {
                Ok(()) => return Ok(AddedPasskey { passkey, recovery_codes }),
                // The request is used, or somebody has the passkey.
                Err(Guard::Exists) => return Err(PasskeyError::Invalid),
                Err(_) => {}
            }
        }
    }

    /// The credential, and what it is called by default.
    fn verify_registration(
        &self,
        registration: &Registration,
        credential: &Value,
    ) -> Result<(Credential, &'static str), PasskeyError> {
        let answer: RegisterPublicKeyCredential =
            serde_json::from_value(credential.clone()).map_err(|_| PasskeyError::Invalid)?;
        let is_framed = ClientData::read(answer.response.client_data_json.as_ref())
            .is_none_or(|data| data.is_of_a_frame());
        if is_framed || answer.type_ != "public-key" {
            return Err(PasskeyError::Invalid);
        }
        match self.webauthn()?.finish_passkey_registration(&answer, &registration.state) {
            Ok(made) => {
                let made = Credential::from(made);
                if !fits_its_algorithm(&made.cred) {
                    return Err(PasskeyError::Invalid);
                }
                let name = authenticator::name(answer.response.attestation_object.as_ref());
                Ok((made, name.unwrap_or(NAMELESS)))
            }
            Err(error) => {
                tracing::debug!(%error, "a passkey was refused");
                Err(PasskeyError::Invalid)
            }
        }
    }
}

/// Whether the key is one of its algorithm's, on its curve (WebAuthn Level 3, 5.8.5).
pub(in crate::flows) fn fits_its_algorithm(key: &COSEKey) -> bool {
    match (&key.type_, &key.key) {
        (COSEAlgorithm::ES256, COSEKeyType::EC_EC2(key)) => key.curve == ECDSACurve::SECP256R1,
        (COSEAlgorithm::ES384, COSEKeyType::EC_EC2(key)) => key.curve == ECDSACurve::SECP384R1,
        (COSEAlgorithm::RS256, COSEKeyType::RSA(_)) => true,
        _ => false,
    }
}
