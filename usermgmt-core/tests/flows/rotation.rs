//! Root secrets that are exchanged while the service runs.

use usermgmt_core::BuildError;
use usermgmt_core::flows::Resealed;
use usermgmt_core::keys::{KeyRing, RootSecret, RootState};

use crate::fixture::*;

const NEW: [u8; 32] = *b"another one for when it is over.";

fn ring(states: &[([u8; 32], RootState)]) -> KeyRing {
    let secrets = states.iter().map(|(secret, state)| RootSecret::new(secret.to_vec(), *state));
    KeyRing::new(&secrets.collect::<Result<Vec<_>, _>>().unwrap()).unwrap()
}

fn known_first() -> KeyRing {
    ring(&[(SECRET, RootState::Sign), (NEW, RootState::Verify)])
}

fn exchanged(old: RootState) -> KeyRing {
    ring(&[(NEW, RootState::Sign), (SECRET, old)])
}

#[tokio::test]
async fn an_exchange_signs_nobody_out() {
    let world = World::new().await;
    let (ann, _) = world.signed_in_member("ann").await;
    let (bob, _) = world.signed_in_member("bob").await;
    assert!(world.auth.take_over(known_first()).await.unwrap());
    assert!(!world.auth.take_over(known_first()).await.unwrap(), "nothing changed");
    assert!(world.auth.take_over(exchanged(RootState::Verify)).await.unwrap());
    for access_token in [&ann.tokens.access_token, &bob.tokens.access_token] {
        world.auth.current(access_token.expose()).await.unwrap();
    }
    let old = ann.tokens.refresh_token.expose();
    let anns = world.auth.refresh(old, &home()).await.unwrap();
    world.auth.current(anns.access_token.expose()).await.unwrap();

    // With the next one the old secret is needed for nothing that ann has.
    assert!(world.auth.take_over(exchanged(RootState::UnsealOnly)).await.unwrap());
    world.auth.current(anns.access_token.expose()).await.unwrap();
    world.auth.refresh(anns.refresh_token.expose(), &home()).await.unwrap();
    assert!(world.auth.refresh(bob.tokens.refresh_token.expose(), &home()).await.is_err());
    assert!(world.auth.current(bob.tokens.access_token.expose()).await.is_err());
}

#[tokio::test]
async fn a_token_of_one_who_is_ahead_is_good_where_the_new_secret_verifies() {
    let world = World::new().await;
    let (ann, _) = world.signed_in_member("ann").await;
    world.auth.take_over(known_first()).await.unwrap();
    let ahead = world.another(exchanged(RootState::Verify), config()).await;
    let token = ann.tokens.refresh_token.expose();
    let tokens = ahead.refresh(token, &home()).await.unwrap();
    world.auth.current(tokens.access_token.expose()).await.unwrap();
    world.auth.refresh(tokens.refresh_token.expose(), &home()).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_taken_over_leaves_those_in_use() {
    let world = World::new().await;
    let (ann, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let alone = || ring(&[(NEW, RootState::Sign)]);
    let refused = world.auth.take_over(alone()).await.unwrap_err();
    assert!(matches!(refused, BuildError::ForeignSecret { .. }), "{refused}");
    world.auth.take_over(exchanged(RootState::Verify)).await.unwrap();
    let refused = world.auth.take_over(alone()).await.unwrap_err();
    assert!(matches!(refused, BuildError::RetiredSecret { .. }), "{refused}");
    world.auth.current(ann.tokens.access_token.expose()).await.unwrap();

    let resealed = world.auth.reseal(&Resealed::default()).await.unwrap();
    assert_eq!((resealed.sealed, resealed.closed), (1, 0));
    world.auth.take_over(alone()).await.unwrap();
    world.later(MINUTE);
    let code = totp_code(&factor.enrolment, world.now());
    world.auth.verify_mfa(&ann.user.id, &code, &home()).await.unwrap();
}
