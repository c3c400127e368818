//! Getting past the second factor, or keeping its owner out by it.

use usermgmt_core::flows::{MfaError, MfaSignInError, SignInOutcome};
use usermgmt_core::mail::MailKind;
use usermgmt_core::secret::Redacted;
use usermgmt_core::store::Change;
use usermgmt_core::{Client, ServiceError};

use crate::fixture::*;

/// A member with a second factor.
async fn with_factor(world: &World, name: &str) -> Factor {
    let (_, current) = world.signed_in_member(name).await;
    let factor = world.enrol(&current).await;
    world.later(MINUTE);
    factor
}

async fn ticket(world: &World, name: &str) -> Redacted<String> {
    match world.try_sign_in(name, PASSWORD, &home()).await.unwrap() {
        SignInOutcome::MfaRequired { ticket, .. } => ticket,
        SignInOutcome::SignedIn(_) => panic!("no second factor was asked for"),
    }
}

#[tokio::test]
async fn a_wrong_recovery_code_is_one_wrong_try() {
    for limited in [true, false] {
        let world = World::with(|config| config.limits.enabled = limited).await;
        let factor = with_factor(&world, "ann").await;
        let ticket = ticket(&world, "ann").await;
        let wrong = typed("000000-000000-000000-000000");
        world.store.take_applied();
        let refused = world.auth.sign_in_mfa(&ticket, &wrong, &home()).await.unwrap_err();
        assert!(matches!(refused, MfaSignInError::InvalidCode), "{refused:?}");
        let lists = world.store.take_applied().len();
        assert_eq!(lists, 1, "one list was tried");
        let code = totp_code(&factor.enrolment, world.now());
        world.auth.sign_in_mfa(&ticket, &code, &home()).await.unwrap();
    }
}

/// As where it is sealed under a root secret that this process was not given.
#[tokio::test]
async fn a_factor_that_does_not_open_is_an_error_of_the_server_and_no_try() {
    let world = World::new().await;
    let factor = with_factor(&world, "ann").await;
    let user_id = world.find("ann").await.unwrap().id;
    let good = world.account(&user_id).await.totp.unwrap().confirmed.unwrap();
    let mut closed = good.clone();
    closed.sealed[0] ^= 1;
    world.apply(vec![Change::ResealTotp { user_id: user_id.clone(), secret: closed }]).await;
    let ticket = ticket(&world, "ann").await;
    let code = totp_code(&factor.enrolment, world.now());
    for _ in 0..20 {
        let refused = world.auth.sign_in_mfa(&ticket, &code, &home()).await.unwrap_err();
        let is_internal = matches!(&refused, MfaSignInError::Service(ServiceError::Internal(_)));
        assert!(is_internal, "{refused:?}");
    }
    world.apply(vec![Change::ResealTotp { user_id, secret: good }]).await;
    world.auth.sign_in_mfa(&ticket, &code, &home()).await.unwrap();
}

/// What a service does for somebody at this client: password, then second factor.
/// The token of their device.
async fn enter_service(world: &World, factor: &Factor, client: &Client) -> Redacted<String> {
    let right = credentials("ann", PASSWORD);
    let checked = world.auth.check_credentials(&right, client).await.unwrap();
    assert!(checked.device_token.is_some());
    let code = totp_code(&factor.enrolment, world.now());
    world.auth.verify_mfa(&checked.user.id, &code, client).await.unwrap().unwrap()
}

#[tokio::test]
async fn guessing_at_a_service_is_told_and_keeps_no_device_out_that_its_owner_has_used() {
    let world = World::new().await;
    let factor = with_factor(&world, "ann").await;
    let id = world.find("ann").await.unwrap().id;
    let token = enter_service(&world, &factor, &client(1)).await;
    world.later(MINUTE);
    world.mail().await;
    let (mut refused, mut told) = (0, 0);
    for n in 10..30 {
        let wrong = world.auth.verify_mfa(&id, &typed("000000"), &client(n)).await.unwrap_err();
        refused += usize::from(matches!(wrong, MfaError::Service(error) if is_limited(&error)));
        let kinds = world.mailed_kinds().await;
        told += kinds.iter().filter(|(kind, _)| *kind == MailKind::MfaFailures).count();
    }
    assert_eq!((refused, told), (10, 1));
    let known = Client { device_token: Some(token), ..client(40) };
    let code = totp_code(&factor.enrolment, world.now());
    world.auth.verify_mfa(&id, &code, &known).await.unwrap();
    // And at sign-in, which strangers at a service do not close either.
    world.later(MINUTE);
    let ticket = ticket(&world, "ann").await;
    let code = totp_code(&factor.enrolment, world.now());
    world.auth.sign_in_mfa(&ticket, &code, &client(41)).await.unwrap();
}

#[tokio::test]
async fn the_password_alone_makes_no_device_known_where_there_is_a_second_factor() {
    let world = World::with(|config| config.limits.mfa_account.first.max = 5).await;
    with_factor(&world, "ann").await;
    let right = credentials("ann", PASSWORD);
    for n in 60..62 {
        let checked = world.auth.check_credentials(&right, &client(n)).await.unwrap();
        let thief = Client { device_token: checked.device_token, ..client(n) };
        for tried in 0..5 {
            let ticket = ticket(&world, "ann").await;
            let wrong = world.auth.sign_in_mfa(&ticket, &typed("000000"), &thief).await;
            // Five guesses, from however many addresses.
            match wrong.unwrap_err() {
                MfaSignInError::InvalidCode => assert_eq!(n, 60, "{tried}"),
                MfaSignInError::Service(error) => assert!(n == 61 && is_limited(&error)),
            }
        }
    }
}

#[tokio::test]
async fn wrong_codes_from_a_device_that_the_owner_has_used_are_told_as_well() {
    let world = World::new().await;
    let (first, current) = world.signed_in_member("ann").await;
    world.enrol(&current).await;
    world.later(MINUTE);
    world.mail().await;
    // Enrolling ends no device: it is the one of the first sign-in still.
    let known = device(1, &first);
    for _ in 0..7 {
        let ticket = ticket(&world, "ann").await;
        let _ = world.auth.sign_in_mfa(&ticket, &typed("000000"), &known).await.unwrap_err();
    }
    world.mailed(MailKind::MfaFailures).await;
}

#[tokio::test]
async fn who_has_the_password_and_a_session_ends_no_row_of_wrong_codes_by_it() {
    let world = World::with(|config| {
        let budget = &mut config.limits.user_secret;
        (budget.first.max, budget.per_day, budget.in_a_row) = (1000, 1000, 5);
    })
    .await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let current = world.again(&current).await;
    world.later(MINUTE);
    world.mail().await;
    let password = typed(PASSWORD);
    let mut refused = 0;
    for n in 0..10 {
        let code = typed("000000");
        let answer = match n % 2 {
            0 => world.auth.disable_totp(&current, &code, Some(&password)).await,
            _ => world.auth.enrol_totp(&current, Some(&password), Some(&code)).await.map(drop),
        };
        let error = answer.unwrap_err();
        refused += usize::from(matches!(error, MfaError::Service(error) if is_limited(&error)));
    }
    assert_eq!(refused, 5);
    // The owner is told, and what they fail to type as a password is another row.
    world.mailed(MailKind::MfaFailures).await;
    let code = totp_code(&factor.enrolment, world.now());
    assert!(world.auth.disable_totp(&current, &code, Some(&password)).await.is_err());
    let changed = world.auth.change_password(&current, &password, &typed(THIRD)).await;
    changed.unwrap();
}

#[tokio::test]
async fn wrong_first_codes_of_a_factor_that_is_not_on_yet_are_no_alarm() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    world.auth.begin_totp(&ann.id).await.unwrap();
    for _ in 0..8 {
        world.auth.verify_mfa(&ann.id, &typed("000000"), &home()).await.unwrap_err();
    }
    assert!(world.mail().await.is_empty());
}
