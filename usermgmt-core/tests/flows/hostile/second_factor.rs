//! Getting past the second factor, or keeping its owner out by it.

use usermgmt_core::flows::{MfaSignInError, SignInOutcome};
use usermgmt_core::secret::Redacted;

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
