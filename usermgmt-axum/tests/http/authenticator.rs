//! An authenticator in software, and as much of a browser as stands before it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::crypto::aws_lc_rs::AwsLcRsBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error, get_assertion, make_credential};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ORIGIN: &str = "https://accounts.example.com";

/// Whoever holds it: there, and verified.
struct Holder;

#[async_trait::async_trait]
impl UserValidationMethod for Holder {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, Self::PasskeyItem>,
        _: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence: true, verification })
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }
}

/// A device with room for one passkey.
pub(crate) struct Device(Authenticator<Option<Passkey>, Holder, AwsLcRsBackend>);

impl Device {
    pub(crate) fn new() -> Self {
        Self::of_model([0; 16])
    }

    /// Of this model, as its AAGUID says.
    pub(crate) fn of_model(model: [u8; 16]) -> Self {
        Self(Authenticator::new(Aaguid::from(model), None, Holder, AwsLcRsBackend))
    }

    /// What `PublicKeyCredential.toJSON()` gives of a new passkey.
    pub(crate) async fn make(&mut self, options: &Value) -> String {
        let client_data = client_data(options, "webauthn.create", ORIGIN);
        let request = make_credential::Request {
            client_data_hash: Sha256::digest(&client_data).to_vec().into(),
            rp: make_credential::PublicKeyCredentialRpEntity {
                id: options["rp"]["id"].as_str().unwrap().to_owned(),
                name: None,
            },
            user: serde_json::from_value(options["user"].clone()).unwrap(),
            pub_key_cred_params: serde_json::from_value(options["pubKeyCredParams"].clone())
                .unwrap(),
            exclude_list: None,
            extensions: None,
            options: make_credential::Options { rk: true, up: true, uv: true },
            pin_auth: None,
            pin_protocol: None,
        };
        let made = self.0.make_credential(request).await.unwrap();
        let object = made.as_webauthn_bytes().to_vec();
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(&client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "transports": ["internal"],
        });
        self.credential(&response)
    }

    /// What it gives of an answer.
    pub(crate) async fn sign(&mut self, options: &Value) -> String {
        self.sign_at(options, ORIGIN).await
    }

    /// On a page of another origin.
    pub(crate) async fn sign_at(&mut self, options: &Value, origin: &str) -> String {
        let client_data = client_data(options, "webauthn.get", origin);
        let request = get_assertion::Request {
            rp_id: options["rpId"].as_str().unwrap().to_owned(),
            client_data_hash: Sha256::digest(&client_data).to_vec().into(),
            allow_list: None,
            extensions: None,
            options: get_assertion::Options { up: true, uv: true },
            pin_auth: None,
            pin_protocol: None,
        };
        let signed = self.0.get_assertion(request).await.unwrap();
        let handle = self.held().user_handle.unwrap().to_vec();
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(&client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(signed.auth_data.to_vec()),
            "signature": URL_SAFE_NO_PAD.encode(signed.signature.to_vec()),
            "userHandle": URL_SAFE_NO_PAD.encode(&handle),
        });
        self.credential(&response)
    }

    fn credential(&self, response: &Value) -> String {
        let id = URL_SAFE_NO_PAD.encode(self.held().credential_id.to_vec());
        let credential = json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        });
        credential.to_string()
    }

    fn held(&self) -> Passkey {
        self.0.store().clone().unwrap()
    }
}

fn client_data(options: &Value, kind: &str, origin: &str) -> Vec<u8> {
    let challenge = &options["challenge"];
    let data =
        json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false});
    data.to_string().into_bytes()
}
