//! Signing in by a passkey, and what does not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use usermgmt_core::flows::PasskeyRequest;
use usermgmt_core::store::AuditStore as _;

use super::device::{Device, Lie};
use super::{add, ask, member, refused, try_in, world};
use crate::fixture::{MINUTE, by, home};

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
    let mut device = Device::uncounting();
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
