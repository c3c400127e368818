//! Getting past the second factor, or keeping its owner out by it.

use usermgmt_core::flows::mfa::MfaSignInError;
use usermgmt_core::flows::sign_in::SignInOutcome;
use usermgmt_core::secret::{Redacted, Typed};

use crate::kit::*;

/// The code of a secret at the world's present time.
fn code_of(world: &World, secret: &Redacted<String>) -> Typed {
    let secret = totp_rs::Secret::try_from_base32(secret.expose()).unwrap();
    let totp = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(secret)
        .build()
        .unwrap();
    typed(&totp.generate(u64::try_from(world.now().as_secs()).unwrap()).to_string())
}

/// A member with a second factor; its secret.
async fn with_factor(world: &World, name: &str) -> Redacted<String> {
    let (_, current) = world.signed_in_member(name).await;
    let enrolment = world.auth.enrol_totp(&current, None).await.unwrap();
    world.auth.confirm_totp(&current, &code_of(world, &enrolment.secret)).await.unwrap();
    world.later(MINUTE);
    enrolment.secret
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
        let secret = with_factor(&world, "ann").await;
        let ticket = ticket(&world, "ann").await;
        let wrong = typed("000000-000000-000000-000000");
        world.store.take_applied();
        let refused = world.auth.sign_in_mfa(&ticket, &wrong, &home()).await.unwrap_err();
        assert!(matches!(refused, MfaSignInError::InvalidCode), "{refused:?}");
        let lists = world.store.take_applied().len();
        assert_eq!(lists, 1, "one list was tried");
        world.auth.sign_in_mfa(&ticket, &code_of(&world, &secret), &home()).await.unwrap();
    }
}
