//! A device with a passkey, and the browser before it, which may lie.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::crypto::aws_lc_rs::AwsLcRsBackend;
use passkey::types::Passkey as HeldPasskey;
use passkey::types::ctap2::{Ctap2Error, get_assertion, make_credential};
use passkey::types::webauthn::PublicKeyCredentialParameters;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ORIGIN: &str = "https://accounts.example.com";

/// Whoever holds the device: there, and verified where that is asked.
struct Holder;

#[async_trait::async_trait]
impl UserValidationMethod for Holder {
    type PasskeyItem = HeldPasskey;

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

/// A device with room for one passkey, and the browser before it.
pub(crate) struct Device {
    authenticator: Authenticator<Option<HeldPasskey>, Holder, AwsLcRsBackend>,
}

/// What the browser tells that is not so, where it lies.
#[derive(Clone, Default)]
pub(super) struct Lie {
    pub(super) origin: Option<&'static str>,
    pub(super) rp_id: Option<&'static str>,
    pub(super) kind: Option<&'static str>,
    pub(super) framed: bool,
    pub(super) unverified: bool,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self::holding(None)
    }

    /// One that never counts what it signs.
    pub(super) fn uncounting() -> Self {
        let mut device = Self::new();
        device.authenticator.set_make_credentials_with_signature_counter(false);
        device
    }

    pub(super) fn holding(passkey: Option<HeldPasskey>) -> Self {
        let aaguid = passkey::types::ctap2::Aaguid::new_empty();
        let mut authenticator = Authenticator::new(aaguid, passkey, Holder, AwsLcRsBackend);
        authenticator.set_make_credentials_with_signature_counter(true);
        Self { authenticator }
    }

    fn client_data(options: &Value, kind: &str, lie: &Lie) -> Vec<u8> {
        let data = json!({
            "type": lie.kind.unwrap_or(kind),
            "challenge": options["challenge"],
            "origin": lie.origin.unwrap_or(ORIGIN),
            "crossOrigin": lie.framed,
        });
        data.to_string().into_bytes()
    }

    pub(crate) async fn make(&mut self, options: &Value) -> Value {
        self.make_lying(options, &Lie::default()).await
    }

    pub(super) async fn make_lying(&mut self, options: &Value, lie: &Lie) -> Value {
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let client_data = Self::client_data(options, "webauthn.create", lie);
        let parameters: Vec<PublicKeyCredentialParameters> =
            serde_json::from_value(options["pubKeyCredParams"].clone()).unwrap();
        let request = make_credential::Request {
            client_data_hash: Sha256::digest(&client_data).to_vec().into(),
            rp: make_credential::PublicKeyCredentialRpEntity {
                id: lie.rp_id.or(options["rp"]["id"].as_str()).unwrap().to_owned(),
                name: None,
            },
            user: serde_json::from_value(options["user"].clone()).unwrap(),
            pub_key_cred_params: parameters,
            exclude_list: None,
            extensions: None,
            options: make_credential::Options { rk: true, up: true, uv: !lie.unverified },
            pin_auth: None,
            pin_protocol: None,
        };
        let made = self.authenticator.make_credential(request).await.unwrap();
        let id = made.auth_data.attested_credential_data.as_ref().unwrap().credential_id().to_vec();
        json!({
            "id": URL_SAFE_NO_PAD.encode(&id),
            "rawId": URL_SAFE_NO_PAD.encode(&id),
            "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(&client_data),
                "attestationObject": URL_SAFE_NO_PAD.encode(made.as_webauthn_bytes().to_vec()),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
        })
    }

    pub(crate) async fn sign(&mut self, options: &Value) -> Value {
        self.sign_lying(options, &Lie::default()).await
    }

    pub(super) async fn sign_lying(&mut self, options: &Value, lie: &Lie) -> Value {
        assert_eq!(options["userVerification"], "required");
        let client_data = Self::client_data(options, "webauthn.get", lie);
        let request = get_assertion::Request {
            rp_id: lie.rp_id.or(options["rpId"].as_str()).unwrap().to_owned(),
            client_data_hash: Sha256::digest(&client_data).to_vec().into(),
            allow_list: None,
            extensions: None,
            options: get_assertion::Options { up: true, uv: !lie.unverified },
            pin_auth: None,
            pin_protocol: None,
        };
        let signed = self.authenticator.get_assertion(request).await.unwrap();
        let held = self.held();
        let (id, handle) = (held.credential_id.to_vec(), held.user_handle.unwrap().to_vec());
        json!({
            "id": URL_SAFE_NO_PAD.encode(&id),
            "rawId": URL_SAFE_NO_PAD.encode(&id),
            "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(&client_data),
                "authenticatorData": URL_SAFE_NO_PAD.encode(signed.auth_data.to_vec()),
                "signature": URL_SAFE_NO_PAD.encode(signed.signature.to_vec()),
                "userHandle": URL_SAFE_NO_PAD.encode(&handle),
            },
            "clientExtensionResults": {},
        })
    }

    pub(crate) fn held(&self) -> HeldPasskey {
        self.authenticator.store().clone().unwrap()
    }
}
