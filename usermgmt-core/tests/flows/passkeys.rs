//! Passkeys, by an authenticator in software: adding, signing in, the second factor,
//! and what an attacker may try.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::crypto::aws_lc_rs::AwsLcRsBackend;
use passkey::types::Passkey as HeldPasskey;
use passkey::types::ctap2::{Ctap2Error, get_assertion, make_credential};
use passkey::types::webauthn::PublicKeyCredentialParameters;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use usermgmt_core::flows::{
    AddedPasskey, Current, MfaError, MfaSignInError, PasskeyError, PasskeyRequest,
    PasskeySignInError, ReauthenticationError, SignInOutcome, SignedIn, TotpEnrolment, WaysIn,
};
use usermgmt_core::mail::MailKind;
use usermgmt_core::secret::PlaintextPassword;
use usermgmt_core::store::AuditStore as _;

use crate::fixture::{MINUTE, PASSWORD, SECOND, World, by, home, totp_code};

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
struct Lie {
    origin: Option<&'static str>,
    rp_id: Option<&'static str>,
    kind: Option<&'static str>,
    framed: bool,
    unverified: bool,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self::holding(None)
    }

    fn holding(passkey: Option<HeldPasskey>) -> Self {
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

    async fn make_lying(&mut self, options: &Value, lie: &Lie) -> Value {
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

    async fn sign_lying(&mut self, options: &Value, lie: &Lie) -> Value {
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

async fn world() -> World {
    World::with(|config| {
        config.sign_in.passkeys = true;
        config.limits.enabled = false;
    })
    .await
}

async fn add(world: &World, current: &Current, device: &mut Device) -> AddedPasskey {
    let asked = world.auth.passkey_options(current).await.unwrap();
    let made = device.make(&asked.options).await;
    world.auth.add_passkey(current, &asked.request, &made, Some("Laptop")).await.unwrap()
}

/// Somebody with a password and a passkey.
async fn member(world: &World, name: &str) -> (Current, Device, AddedPasskey) {
    world.member(name).await;
    let current = world.current(&world.sign_in(name).await).await;
    let mut device = Device::new();
    let added = add(world, &current, &mut device).await;
    let current = world.auth.current_of(&current).await;
    (current, device, added)
}

async fn ask(world: &World) -> PasskeyRequest {
    world.auth.passkey_sign_in_options().unwrap()
}

async fn try_in(
    world: &World,
    asked: &PasskeyRequest,
    answer: &Value,
) -> Result<SignedIn, PasskeySignInError> {
    world.auth.sign_in_by_passkey(&asked.request, answer, &home()).await
}

fn refused(outcome: Result<SignedIn, PasskeySignInError>) {
    assert!(matches!(outcome, Err(PasskeySignInError::Invalid)), "{outcome:?}");
}

/// The account as it is after its epoch was raised, in the same session.
trait Again {
    async fn current_of(&self, current: &Current) -> Current;
}

impl Again for usermgmt_core::Auth {
    async fn current_of(&self, current: &Current) -> Current {
        let mut again = current.clone();
        again.user = self.user(&current.user.id).await.unwrap().unwrap();
        again
    }
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_and_stands_for_both_factors() {
    let world = world().await;
    let (current, mut device, added) = member(&world, "ann").await;
    assert_eq!(added.passkey.name, "Laptop");
    assert_eq!(added.recovery_codes.as_ref().map(Vec::len), Some(10));
    let asked = ask(&world).await;
    assert_eq!(asked.options["allowCredentials"], json!([]));
    let answer = device.sign(&asked.options).await;
    let signed_in = try_in(&world, &asked, &answer).await.unwrap();
    assert_eq!(signed_in.user.id, current.user.id);
    assert_eq!(signed_in.session.amr, ["hwk", "user", "mfa"]);
    let listed = world.auth.passkeys(&current.user.id).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].last_used_at, Some(world.now()));
    assert!(listed[0].counter > 0);
    assert!(!listed[0].handle.contains(current.user.id.as_str()));
}

#[tokio::test]
async fn an_answer_is_good_once_however_many_bring_it_at_once() {
    let world = world().await;
    let (_, mut device, _) = member(&world, "ann").await;
    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    let tries = (0..32).map(|_| {
        let (auth, request, answer) = (world.auth.clone(), asked.request.clone(), answer.clone());
        tokio::spawn(async move { auth.sign_in_by_passkey(&request, &answer, &home()).await })
    });
    let mut won = 0;
    for tried in tries.collect::<Vec<_>>() {
        won += usize::from(tried.await.unwrap().is_ok());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn another_process_finishes_what_one_began() {
    let world = world().await;
    let (_, mut device, _) = member(&world, "ann").await;
    let keys = usermgmt_core::KeyRing::single(crate::fixture::SECRET.to_vec()).unwrap();
    let other = world.another(keys, world.auth.config().clone()).await;
    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    other.sign_in_by_passkey(&asked.request, &answer, &home()).await.unwrap();
}

#[tokio::test]
async fn lies_of_a_browser_do_not_sign_in() {
    let world = world().await;
    let (_, mut device, _) = member(&world, "ann").await;
    for lie in [
        Lie { origin: Some("https://accounts.example.com.evil.test"), ..Lie::default() },
        Lie { origin: Some("http://accounts.example.com"), ..Lie::default() },
        Lie { rp_id: Some("evil.test"), ..Lie::default() },
        Lie { kind: Some("webauthn.create"), ..Lie::default() },
        Lie { framed: true, ..Lie::default() },
        Lie { unverified: true, ..Lie::default() },
    ] {
        let asked = ask(&world).await;
        let answer = device.sign_lying(&asked.options, &lie).await;
        refused(try_in(&world, &asked, &answer).await);
    }
}

#[tokio::test]
async fn an_answer_to_another_question_does_not_sign_in() {
    let world = world().await;
    let (current, mut device, _) = member(&world, "ann").await;
    let (asked, other) = (ask(&world).await, ask(&world).await);
    let answer = device.sign(&other.options).await;
    refused(try_in(&world, &asked, &answer).await);
    // Nor one that was asked to add a passkey.
    let adding = world.auth.passkey_options(&current).await.unwrap();
    let mut options = asked.options.clone();
    options["challenge"] = adding.options["challenge"].clone();
    let answer = device.sign(&options).await;
    refused(try_in(&world, &adding, &answer).await);
    // Nor one that comes too late.
    let answer = device.sign(&asked.options).await;
    world.later(5 * MINUTE);
    refused(try_in(&world, &asked, &answer).await);
}

#[tokio::test]
async fn a_forged_answer_does_not_sign_in() {
    let world = world().await;
    let (_, mut device, _) = member(&world, "ann").await;
    let (_, mut bobs, _) = member(&world, "bob").await;
    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    let bob = bobs.sign(&asked.options).await;
    let mut signed_by_another = answer.clone();
    signed_by_another["response"]["signature"] = bob["response"]["signature"].clone();
    let mut of_another_user = answer.clone();
    of_another_user["response"]["userHandle"] = bob["response"]["userHandle"].clone();
    let mut of_nobody = answer.clone();
    of_nobody["response"].as_object_mut().unwrap().remove("userHandle");
    let mut unknown = answer.clone();
    unknown["rawId"] = URL_SAFE_NO_PAD.encode(b"unknown").into();
    let mut of_another_type = answer.clone();
    of_another_type["type"] = "password".into();
    for forged in [signed_by_another, of_another_user, of_nobody, unknown, of_another_type] {
        refused(try_in(&world, &asked, &forged).await);
    }
    for nonsense in [json!(null), json!({}), json!("x"), json!({ "rawId": 1 })] {
        refused(try_in(&world, &asked, &nonsense).await);
    }
    let forged = PasskeyRequest { request: "AAAA".to_owned(), ..asked.clone() };
    refused(try_in(&world, &forged, &answer).await);
    // Nothing of it used the true answer up.
    try_in(&world, &asked, &answer).await.unwrap();
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused_and_written_down() {
    let world = world().await;
    let (current, mut device, _) = member(&world, "ann").await;
    let mut copy = Device::holding(Some(device.held()));
    for _ in 0..2 {
        let asked = ask(&world).await;
        let answer = device.sign(&asked.options).await;
        try_in(&world, &asked, &answer).await.unwrap();
    }
    let asked = ask(&world).await;
    let answer = copy.sign(&asked.options).await;
    refused(try_in(&world, &asked, &answer).await);
    let log = world.store.audit(&current.user.id, None, 100).await.unwrap();
    assert!(log.iter().any(|entry| entry.action == "passkey.counter_went_back"));
}

#[tokio::test]
async fn one_that_never_counts_signs_in_again_and_again() {
    let world = world().await;
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    let mut device = Device::new();
    device.authenticator.set_make_credentials_with_signature_counter(false);
    add(&world, &current, &mut device).await;
    for _ in 0..3 {
        let asked = ask(&world).await;
        let answer = device.sign(&asked.options).await;
        try_in(&world, &asked, &answer).await.unwrap();
    }
}

#[tokio::test]
async fn a_disabled_account_does_not_sign_in_by_passkey() {
    let world = world().await;
    let (current, mut device, _) = member(&world, "ann").await;
    world.auth.disable_user(&by(), &current.user.id).await.unwrap();
    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    refused(try_in(&world, &asked, &answer).await);
}

#[tokio::test]
async fn what_a_lying_browser_made_is_not_added() {
    let world = world().await;
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    for lie in [
        Lie { origin: Some("https://evil.test"), ..Lie::default() },
        Lie { rp_id: Some("evil.test"), ..Lie::default() },
        Lie { kind: Some("webauthn.get"), ..Lie::default() },
        Lie { framed: true, ..Lie::default() },
        Lie { unverified: true, ..Lie::default() },
    ] {
        let asked = world.auth.passkey_options(&current).await.unwrap();
        let made = Device::new().make_lying(&asked.options, &lie).await;
        let added = world.auth.add_passkey(&current, &asked.request, &made, None).await;
        assert!(matches!(added, Err(PasskeyError::Invalid)), "{added:?}");
    }
    assert!(world.auth.passkeys(&current.user.id).await.unwrap().is_empty());
}

/// The same credential, whose key is said to be of another algorithm.
fn under_algorithm(made: &Value, algorithm: &[u8]) -> Value {
    let text = made["response"]["attestationObject"].as_str().unwrap();
    let mut object = URL_SAFE_NO_PAD.decode(text).unwrap();
    // {1: 2, 3: -7: an elliptic curve's key, ES256 (RFC 9053).
    let es256 = [0x01, 0x02, 0x03, 0x26];
    let at = object.windows(4).position(|bytes| bytes == es256).unwrap();
    object.splice(at + 3..at + 4, algorithm.iter().copied());
    let key = b"authData";
    let head = object.windows(8).position(|bytes| bytes == key).unwrap() + 8;
    assert_eq!(object[head], 0x58, "a length of one byte");
    object[head + 1] += u8::try_from(algorithm.len() - 1).unwrap();
    let mut other = made.clone();
    other["response"]["attestationObject"] = URL_SAFE_NO_PAD.encode(&object).into();
    other
}

#[tokio::test]
async fn a_key_under_another_algorithm_is_not_added() {
    let world = world().await;
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    let (eddsa, es384, rs256) = ([0x27], [0x38, 0x22], [0x39, 0x01, 0x00]);
    for algorithm in [&eddsa[..], &es384, &rs256] {
        let asked = world.auth.passkey_options(&current).await.unwrap();
        let made = under_algorithm(&Device::new().make(&asked.options).await, algorithm);
        let added = world.auth.add_passkey(&current, &asked.request, &made, None).await;
        assert!(matches!(added, Err(PasskeyError::Invalid)), "{algorithm:?}: {added:?}");
    }
    // As it is, it is.
    let asked = world.auth.passkey_options(&current).await.unwrap();
    let made = under_algorithm(&Device::new().make(&asked.options).await, &[0x26]);
    world.auth.add_passkey(&current, &asked.request, &made, None).await.unwrap();
}

#[tokio::test]
async fn a_passkey_that_somebody_has_is_nobody_elses() {
    let world = world().await;
    let (_, device, _) = member(&world, "ann").await;
    world.member("bob").await;
    let bob = world.current(&world.sign_in("bob").await).await;
    let asked = world.auth.passkey_options(&bob).await.unwrap();
    let mut made = Device::new().make(&asked.options).await;
    // A credential id that is known already, in place of the one that was made.
    let text = made["response"]["attestationObject"].as_str().unwrap();
    let mut object = URL_SAFE_NO_PAD.decode(text).unwrap();
    let own = URL_SAFE_NO_PAD.decode(made["rawId"].as_str().unwrap()).unwrap();
    let anns = device.held().credential_id.to_vec();
    let at = object.windows(own.len()).position(|bytes| bytes == own).unwrap();
    object.splice(at..at + own.len(), anns.iter().copied());
    made["response"]["attestationObject"] = URL_SAFE_NO_PAD.encode(&object).into();
    for field in ["id", "rawId"] {
        made[field] = URL_SAFE_NO_PAD.encode(&anns).into();
    }
    let added = world.auth.add_passkey(&bob, &asked.request, &made, None).await;
    assert!(matches!(added, Err(PasskeyError::Invalid)), "{added:?}");
    assert!(world.auth.passkeys(&bob.user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_request_to_add_is_its_sessions_and_good_once() {
    let world = world().await;
    let (current, _, _) = member(&world, "ann").await;
    let (bob, _, _) = member(&world, "bob").await;
    let asked = world.auth.passkey_options(&current).await.unwrap();
    let made = Device::new().make(&asked.options).await;
    let stolen = world.auth.add_passkey(&bob, &asked.request, &made, None).await;
    assert!(matches!(stolen, Err(PasskeyError::Invalid)), "{stolen:?}");
    world.auth.add_passkey(&current, &asked.request, &made, None).await.unwrap();
    let current = world.auth.current_of(&current).await;
    let again = world.auth.add_passkey(&current, &asked.request, &made, None).await;
    assert!(matches!(again, Err(PasskeyError::Invalid)), "{again:?}");
}

#[tokio::test]
async fn a_password_is_not_enough_for_whoever_has_a_passkey() {
    let world = world().await;
    let (current, mut device, added) = member(&world, "ann").await;
    let (_, mut bobs, _) = member(&world, "bob").await;
    let ticket = |outcome| match outcome {
        SignInOutcome::MfaRequired { ticket, methods } => {
            assert_eq!(methods, ["passkey", "recovery_code"]);
            PlaintextPassword::from(ticket.expose().as_str())
        }
        SignInOutcome::SignedIn(_) => panic!("the password alone signed in"),
    };
    let first = ticket(world.try_sign_in("ann", PASSWORD, &home()).await.unwrap());
    let options = world.auth.mfa_passkey_options(&first, &home()).await.unwrap();
    // Not somebody else's passkey, nor an answer to another ticket.
    let foreign = bobs.sign(&options).await;
    let refused = world.auth.sign_in_mfa_by_passkey(&first, &foreign, &home()).await;
    assert!(matches!(refused, Err(MfaSignInError::InvalidCode)), "{refused:?}");
    let second = ticket(world.try_sign_in("ann", PASSWORD, &home()).await.unwrap());
    let answer = device.sign(&options).await;
    let refused = world.auth.sign_in_mfa_by_passkey(&second, &answer, &home()).await;
    assert!(matches!(refused, Err(MfaSignInError::InvalidCode)), "{refused:?}");
    let signed_in = world.auth.sign_in_mfa_by_passkey(&first, &answer, &home()).await.unwrap();
    assert_eq!(signed_in.session.amr, ["pwd", "hwk", "user", "mfa"]);
    let again = world.auth.sign_in_mfa_by_passkey(&first, &answer, &home()).await;
    assert!(matches!(again, Err(MfaSignInError::InvalidCode)), "{again:?}");
    // Whoever has lost it has the codes.
    let codes = added.recovery_codes.unwrap();
    let code = PlaintextPassword::from(codes[0].expose().as_str());
    world.auth.sign_in_mfa(&second, &code, &home()).await.unwrap();
    assert!(world.auth.mfa_status(&current.user.id).await.unwrap().enabled);
}

#[tokio::test]
async fn an_owner_is_told_of_each_passkey_that_comes_and_goes() {
    let world = world().await;
    let (current, _, added) = member(&world, "ann").await;
    assert!(world.mailed_kinds().await.iter().any(|(kind, _)| *kind == MailKind::PasskeyAdded));
    world.auth.remove_passkey(&current, &added.passkey.id).await.unwrap();
    assert!(world.mailed_kinds().await.iter().any(|(kind, _)| *kind == MailKind::PasskeyRemoved));
    // The password is enough again, and the codes went with the passkey.
    world.sign_in("ann").await;
    assert_eq!(world.auth.recovery_codes_left(&current.user.id).await.unwrap(), 0);
}

/// A member with an app and a passkey.
async fn member_with_app(world: &World) -> (Current, Device, AddedPasskey, TotpEnrolment) {
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    let app = world.auth.enrol_totp(&current, None, None).await.unwrap();
    world.auth.confirm_totp(&current, &totp_code(&app, world.now())).await.unwrap();
    let current = world.auth.current_of(&current).await;
    let mut device = Device::new();
    let added = add(world, &current, &mut device).await;
    assert!(added.recovery_codes.is_none(), "those of the app stand in for it too");
    world.later(MINUTE);
    (world.auth.current_of(&current).await, device, added, app)
}

#[tokio::test]
async fn recovery_codes_live_as_long_as_any_second_factor() {
    for app_first in [true, false] {
        let world = world().await;
        let (current, _, added, app) = member_with_app(&world).await;
        let (id, passkey) = (&current.user.id, &added.passkey.id);
        let left = async || world.auth.recovery_codes_left(id).await.unwrap();
        let code = || totp_code(&app, world.now());
        if app_first {
            world.auth.disable_totp(&current, &code(), None).await.unwrap();
        } else {
            world.auth.remove_passkey(&current, passkey).await.unwrap();
        }
        assert_eq!(left().await, 10, "{app_first}");
        let current = world.auth.current_of(&current).await;
        if app_first {
            world.auth.remove_passkey(&current, passkey).await.unwrap();
        } else {
            world.auth.disable_totp(&current, &code(), None).await.unwrap();
        }
        assert_eq!(left().await, 0, "{app_first}");
        world.sign_in("ann").await;
    }
}

#[tokio::test]
async fn the_mail_about_an_app_turned_off_says_whether_a_passkey_is_left() {
    for (asked_for, left) in [(true, Some("passkey")), (false, None)] {
        let world = world().await;
        let (current, .., app) = member_with_app(&world).await;
        world.mail().await;
        let mut config = world.auth.config().clone();
        config.sign_in.passkeys = asked_for;
        let keys = usermgmt_core::KeyRing::single(crate::fixture::SECRET.to_vec()).unwrap();
        let auth = world.another(keys, config).await;
        auth.disable_totp(&current, &totp_code(&app, world.now()), None).await.unwrap();
        let mail = world.mailed(MailKind::MfaDisabled).await;
        assert_eq!(mail.params.get("second_factor").map(String::as_str), left);
    }
}

#[tokio::test]
async fn an_operator_who_resets_the_second_factor_drops_the_recovery_codes() {
    let world = world().await;
    let (current, ..) = member_with_app(&world).await;
    world.auth.reset_mfa(&current.user.id).await.unwrap();
    assert_eq!(world.auth.recovery_codes_left(&current.user.id).await.unwrap(), 0);
}

#[tokio::test]
async fn who_has_passkeys_alone_gets_new_recovery_codes_by_one_or_by_a_code() {
    let world = world().await;
    let (current, mut device, added) = member(&world, "ann").await;
    let old = added.recovery_codes.unwrap();
    // Signed in by password alone, before there was a passkey.
    let refused = world.auth.new_recovery_codes(&current, None).await.unwrap_err();
    let MfaError::Reauthentication(ReauthenticationError::Required(ways)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(ways.names(), ["password", "passkey"]);
    // Nor is there an app to turn off.
    let off = world.auth.disable_totp(&current, &old[0], None).await;
    assert!(matches!(off, Err(MfaError::NotEnabled)), "{off:?}");

    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    let signed_in = try_in(&world, &asked, &answer).await.unwrap();
    let by_passkey = world.current(&signed_in).await;
    let codes = world.auth.new_recovery_codes(&by_passkey, None).await.unwrap();
    let by_passkey = world.auth.current_of(&by_passkey).await;
    let void = world.auth.new_recovery_codes(&by_passkey, Some(&old[0])).await;
    assert!(matches!(void, Err(MfaError::InvalidCode)), "{void:?}");
    let codes = world.auth.new_recovery_codes(&by_passkey, Some(&codes[0])).await.unwrap();
    assert_eq!(codes.len(), 10);

    world.later(15 * MINUTE + SECOND);
    let by_passkey = world.auth.current_of(&by_passkey).await;
    let late = world.auth.new_recovery_codes(&by_passkey, None).await;
    assert!(matches!(late, Err(MfaError::Reauthentication(_))), "{late:?}");
}

#[tokio::test]
async fn without_a_passkey_new_recovery_codes_need_a_code() {
    let world = world().await;
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    let none = world.auth.new_recovery_codes(&current, None).await;
    assert!(matches!(none, Err(MfaError::NotEnabled)), "{none:?}");
    let app = world.auth.enrol_totp(&current, None, None).await.unwrap();
    world.auth.confirm_totp(&current, &totp_code(&app, world.now())).await.unwrap();
    let current = world.auth.current_of(&current).await;
    let none = world.auth.new_recovery_codes(&current, None).await;
    assert!(matches!(none, Err(MfaError::CodeRequired)), "{none:?}");
}

#[tokio::test]
async fn adding_and_removing_need_a_recent_sign_in() {
    let world = world().await;
    let (current, _, added) = member(&world, "ann").await;
    world.later(15 * MINUTE + SECOND);
    let required = |outcome: Result<(), PasskeyError>| {
        let required =
            PasskeyError::Reauthentication(ReauthenticationError::Required(WaysIn::default()));
        assert_eq!(outcome.unwrap_err().to_string(), required.to_string());
    };
    required(world.auth.passkey_options(&current).await.map(drop));
    required(world.auth.remove_passkey(&current, &added.passkey.id).await);
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let world = world().await;
    let (current, mut device, added) = member(&world, "ann").await;
    let user = world.auth.user(&current.user.id).await.unwrap().unwrap();
    let no_password = usermgmt_core::store::UserPatch {
        password: Some(None),
        ..usermgmt_core::store::UserPatch::default()
    };
    world
        .apply(vec![usermgmt_core::store::Change::UpdateUser {
            id: user.id.clone(),
            epoch: user.epoch,
            raise_epoch: true,
            at: world.now(),
            set: Box::new(no_password),
        }])
        .await;
    let current = world.auth.current_of(&current).await;
    let last = world.auth.remove_passkey(&current, &added.passkey.id).await;
    assert!(matches!(last, Err(PasskeyError::LastSignInMethod)), "{last:?}");
    let mut other = Device::new();
    add(&world, &current, &mut other).await;
    let current = world.auth.current_of(&current).await;
    world.auth.remove_passkey(&current, &added.passkey.id).await.unwrap();
    let asked = ask(&world).await;
    refused(try_in(&world, &asked, &device.sign(&asked.options).await).await);
    try_in(&world, &asked, &other.sign(&asked.options).await).await.unwrap();
}

#[tokio::test]
async fn there_are_at_most_twenty_passkeys_of_a_user() {
    let world = world().await;
    let (mut current, _, _) = member(&world, "ann").await;
    for _ in 1..20 {
        add(&world, &current, &mut Device::new()).await;
        current = world.auth.current_of(&current).await;
    }
    let asked = world.auth.passkey_options(&current).await;
    assert!(matches!(asked, Err(PasskeyError::TooMany)), "{asked:?}");
    let handles = world.auth.passkeys(&current.user.id).await.unwrap();
    assert!(handles.iter().all(|passkey| passkey.handle == handles[0].handle));
}

#[tokio::test]
async fn a_passkey_is_named_by_its_owner() {
    let world = world().await;
    let (current, _, added) = member(&world, "ann").await;
    let (bob, _, _) = member(&world, "bob").await;
    let id = &added.passkey.id;
    let named = world.auth.rename_passkey(&current, id, " Phone ").await.unwrap();
    assert_eq!(named.name, "Phone");
    for name in ["", "   ", "a\nb", &"x".repeat(65)] {
        let named = world.auth.rename_passkey(&current, id, name).await;
        assert!(matches!(named, Err(PasskeyError::Name)), "{name:?}: {named:?}");
    }
    let stolen = world.auth.rename_passkey(&bob, id, "mine").await;
    assert!(matches!(stolen, Err(PasskeyError::NotFound)), "{stolen:?}");
}

#[tokio::test]
async fn whoever_lost_every_passkey_gets_in_after_a_reset_of_the_second_factor() {
    let world = world().await;
    let (current, _, _) = member(&world, "ann").await;
    world.auth.reset_user_mfa(&by(), &current.user.id).await.unwrap();
    assert!(world.auth.passkeys(&current.user.id).await.unwrap().is_empty());
    world.sign_in("ann").await;
}

#[tokio::test]
async fn passkeys_are_of_the_domain_and_the_origins_that_are_set() {
    let world = World::with(|config| {
        config.sign_in.passkeys = true;
        config.passkeys.rp_id = Some("example.com".to_owned());
        config.passkeys.origins = vec!["https://app.example.com".parse().unwrap()];
    })
    .await;
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    let there = Lie { origin: Some("https://app.example.com"), ..Lie::default() };
    for (lie, is_added) in [(Lie::default(), false), (there, true)] {
        let asked = world.auth.passkey_options(&current).await.unwrap();
        assert_eq!(asked.options["rp"]["id"], "example.com");
        let made = Device::new().make_lying(&asked.options, &lie).await;
        let added = world.auth.add_passkey(&current, &asked.request, &made, None).await;
        assert_eq!(added.is_ok(), is_added, "{added:?}");
    }
}

#[tokio::test]
async fn passkeys_that_are_off_are_not_there() {
    let world = World::new().await;
    let asked = world.auth.passkey_sign_in_options();
    assert!(matches!(asked, Err(PasskeyError::Off)), "{asked:?}");
    let tried = world.auth.sign_in_by_passkey("", &json!({}), &home()).await;
    assert!(matches!(tried, Err(PasskeySignInError::Off)), "{tried:?}");
}
