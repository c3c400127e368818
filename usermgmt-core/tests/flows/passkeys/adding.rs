//! Adding a passkey, and what is not added.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use usermgmt_core::Config;
use usermgmt_core::flows::PasskeyError;

use super::device::{Device, Lie};
use super::{Again, add, member, world};
use crate::fixture::World;

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

#[test]
fn a_domain_that_the_pages_are_not_of_is_blamed_by_its_name() {
    for (public_url, rp_id, refused) in [
        ("http://127.0.0.1:8080", "evil.com", Some("localhost")),
        ("http://localhost:8080", "evil.com", Some("localhost")),
        ("https://accounts.example.com", "evil.com", Some("accounts.example.com")),
        ("http://127.0.0.1:8080", "localhost", None),
        ("https://accounts.example.com", "example.com", None),
    ] {
        let mut config = Config::new(public_url.parse().unwrap());
        config.sign_in.passkeys = true;
        config.passkeys.rp_id = Some(rp_id.to_owned());
        let said = config.validate().err().map(|error| error.to_string());
        let expected = refused.map(|host| {
            format!(
                "passkeys.rp_id: must be the host of public_url ({host}) or a domain above it, \
                 is {rp_id:?}"
            )
        });
        assert_eq!(said, expected, "{public_url} {rp_id}");
    }
}
