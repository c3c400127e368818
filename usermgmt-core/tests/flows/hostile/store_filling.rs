//! Filling the store, or the queue of passwords, to the harm of others.

use usermgmt_core::flows::SignInError;
use usermgmt_core::model::user::PasswordHash;
use usermgmt_core::store::{Change, UserPatch};
use usermgmt_core::{KeyRing, ServiceError};

use crate::fixture::*;

#[tokio::test]
async fn what_is_written_for_nobody_goes_with_the_next_purge() {
    let world = World::unlimited().await;
    for n in 0..50 {
        world.auth.forgot_password(&format!("nobody{n}"), &home()).await.unwrap();
        world.auth.resend_confirmation(&format!("n{n}@example.com"), &home()).await.unwrap();
    }
    let removed = world.auth.purge().await.unwrap();
    assert!(removed >= 50 * 2 * 3, "{removed}");
}

/// A storm of sign-ins must not leave honest people without tries.
#[tokio::test(flavor = "current_thread")]
async fn a_password_that_nobody_had_time_to_verify_was_no_try() {
    let world = World::with(|config| {
        config.hasher.workers = 1;
        config.hasher.queue = 1;
    })
    .await;
    let (_, current) = world.signed_in_member("ann").await;
    let slow = world.member("slow").await;
    let hash = format!("pbkdf2:sha512:300000$salt${}", "00".repeat(64));
    let password = Some(Some(PasswordHash::from_stored(hash)));
    let (id, epoch, at) = (slow.id, slow.epoch, world.now());
    let set = Box::new(UserPatch { password, ..UserPatch::default() });
    world.apply(vec![Change::UpdateUser { id, epoch, raise_epoch: false, at, set }]).await;
    let mut storm = Vec::new();
    while storm.len() < 2 {
        let auth = world.auth.clone();
        let sign_in =
            tokio::spawn(
                async move { auth.sign_in(&credentials("slow", PASSWORD), &client(66)).await },
            );
        tokio::task::yield_now().await;
        if !sign_in.is_finished() {
            storm.push(sign_in);
        }
    }
    for _ in 0..20 {
        let answer = world.try_sign_in("ann", PASSWORD, &home()).await;
        assert!(
            matches!(answer, Err(SignInError::Service(ServiceError::Overloaded { .. }))),
            "{answer:?}"
        );
        let answer = world.auth.delete_account(&current, Some(&typed(OTHER))).await;
        assert!(format!("{answer:?}").contains("Overloaded"), "{answer:?}");
    }
    for sign_in in storm {
        let _ = sign_in.await.unwrap();
    }
    assert!(world.try_sign_in("ann", PASSWORD, &home()).await.is_ok());
}

/// A failure is answered no sooner than a success would be; others sign in meanwhile.
#[tokio::test(flavor = "current_thread")]
async fn a_failed_sign_in_takes_no_room_while_its_answer_waits() {
    let world = World::new().await;
    world.member("ann").await;
    let mut config = world.auth.config().clone();
    config.hasher.workers = 1;
    config.hasher.queue = 1;
    config.least_request_time = 10 * SECOND;
    let auth = world.another(KeyRing::single(SECRET.to_vec()).unwrap(), config).await;
    let failing = [60, 61].map(|from| {
        let auth = auth.clone();
        tokio::spawn(async move { auth.sign_in(&credentials("ann", OTHER), &client(from)).await })
    });
    let signed_in = loop {
        // The others go first, and have all the room until they are verified.
        tokio::task::yield_now().await;
        match auth.sign_in(&credentials("ann", PASSWORD), &home()).await {
            Err(SignInError::Service(ServiceError::Overloaded { .. })) => {}
            answer => break answer,
        }
    };
    signed_in.unwrap();
    assert!(failing.iter().all(|failing| !failing.is_finished()), "they were waited for");
}
