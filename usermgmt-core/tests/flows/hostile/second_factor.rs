//! Getting past the second factor, or keeping its owner out by it.

use usermgmt_core::ServiceError;
use usermgmt_core::flows::{MfaSignInError, SignInOutcome};
use usermgmt_core::secret::Redacted;
use usermgmt_core::store::Change;

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
