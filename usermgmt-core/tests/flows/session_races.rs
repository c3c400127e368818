//! A sign-in under way cannot outlive what ends it: two hundred rounds each.

use std::sync::Arc;

use usermgmt_core::flows::{SignInError, SignInOutcome};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::Change;

use crate::fixture::*;

const ROUNDS: usize = 200;

/// Lets a sign-in race with something. What the sign-in came to.
async fn race<F: Future<Output = ()> + Send + 'static>(
    world: &Arc<World>,
    name: &'static str,
    password: &'static str,
    end: impl FnOnce(Arc<World>) -> F,
) -> Result<SignInOutcome, SignInError> {
    let (signing_in, ending) = (Arc::clone(world), end(Arc::clone(world)));
    let sign_in =
        tokio::spawn(async move { signing_in.try_sign_in(name, password, &home()).await });
    let end = tokio::spawn(ending);
    end.await.unwrap();
    sign_in.await.unwrap()
}

async fn sessions(world: &World, id: &UserId) -> usize {
    world.auth.sessions(id).await.unwrap().len()
}

fn refused(answer: &Result<SignInOutcome, SignInError>) -> bool {
    matches!(answer, Err(SignInError::InvalidCredentials))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_session_on_the_old_password_survives_a_reset() {
    let world = Arc::new(World::unlimited().await);
    let ann = world.member("ann").await;
    let (mut old, mut new) = (PASSWORD, OTHER);
    for _ in 0..ROUNDS {
        world.auth.forgot_password("ann", &home()).await.unwrap();
        let link = link_token(&world.mailed(MailKind::PasswordReset).await);
        let signed_in = race(&world, "ann", old, |world| async move {
            world.auth.reset_password(&link, &typed(new), &home()).await.unwrap();
        })
        .await;
        assert!(signed_in.is_ok() || refused(&signed_in), "{signed_in:?}");
        assert_eq!(sessions(&world, &ann.id).await, 0);
        world.mail().await;
        std::mem::swap(&mut old, &mut new);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_other_session_on_the_old_password_survives_a_change_of_it() {
    let world = Arc::new(World::unlimited().await);
    let (signed_in, current) = world.signed_in_member("ann").await;
    let (mut old, mut new) = (PASSWORD, OTHER);
    for _ in 0..ROUNDS {
        let now = world.current(&signed_in).await;
        let raced = race(&world, "ann", old, |world| async move {
            world.auth.change_password(&now, &typed(old), &typed(new)).await.unwrap();
        })
        .await;
        assert!(raced.is_ok() || refused(&raced), "{raced:?}");
        let left = world.auth.sessions(&current.user.id).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].id, signed_in.session.id);
        std::mem::swap(&mut old, &mut new);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_session_survives_the_account() {
    let world = Arc::new(World::unlimited().await);
    for _ in 0..ROUNDS {
        let ann = world.member("ann").await;
        let id = ann.id.clone();
        let raced = race(&world, "ann", PASSWORD, |world| async move {
            world.auth.delete_user(&id).await.unwrap();
        })
        .await;
        assert_eq!(sessions(&world, &ann.id).await, 0);
        match raced {
            Ok(SignInOutcome::SignedIn(signed_in)) => {
                let tokens = &signed_in.tokens;
                assert!(world.auth.current(tokens.access_token.expose()).await.is_err());
                assert!(world.auth.refresh(tokens.refresh_token.expose(), &home()).await.is_err());
            }
            other => assert!(refused(&other), "{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_session_survives_being_disabled() {
    let world = Arc::new(World::unlimited().await);
    for n in 0..ROUNDS {
        let name: &'static str = format!("ann{n}").leak();
        let ann = world.member(name).await;
        let id = ann.id.clone();
        let raced = race(&world, name, PASSWORD, |world| async move {
            world.disable(&id).await;
        })
        .await;
        assert!(raced.is_ok() || refused(&raced), "{raced:?}");
        assert_eq!(sessions(&world, &ann.id).await, 0);
        assert!(!world.signs_in(name, PASSWORD).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_survives_a_sign_out_of_all_was_opened_after_it() {
    let world = Arc::new(World::unlimited().await);
    let ann = world.member("ann").await;
    for _ in 0..ROUNDS {
        world.sign_in("ann").await;
        world.store.take_applied();
        let id = ann.id.clone();
        let raced = race(&world, "ann", PASSWORD, |world| async move {
            world.auth.sign_out_all(&id, &home()).await.unwrap();
        })
        .await;
        assert!(raced.is_ok(), "{raced:?}");
        let epoch = world.account(&ann.id).await.user.epoch;
        let left = world.auth.sessions(&ann.id).await.unwrap();
        assert!(left.len() <= 1);
        for session in left {
            let applied = world.store.take_applied();
            let opened = applied.iter().find(|changes| {
                changes.list().iter().any(
                    |change| matches!(change, Change::InsertSession(new) if new.id == session.id),
                )
            });
            let on_the_new_epoch = opened.unwrap().list().iter().any(
                |change| matches!(change, Change::TouchUser { epoch: seen, .. } if *seen == epoch),
            );
            assert!(on_the_new_epoch);
        }
        world.auth.sign_out_all(&ann.id, &home()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_of_address_asked_for_before_a_reset_takes_effect_after_it() {
    use usermgmt_core::flows::UpdateProfile;
    let world = Arc::new(World::unlimited().await);
    world.member("ann").await;
    let update =
        UpdateProfile { email: Some(email("eve@evil.example")), ..UpdateProfile::default() };
    let (mut old, mut new) = (PASSWORD, OTHER);
    for _ in 0..ROUNDS {
        let signed_in = world.sign_in_with("ann", old).await;
        let thief = world.current(&signed_in).await;
        world.auth.forgot_password("ann", &home()).await.unwrap();
        let link = link_token(&world.mailed(MailKind::PasswordReset).await);
        let (asking, asked) = (Arc::clone(&world), update.clone());
        let ask = tokio::spawn(async move { asking.auth.update_profile(&thief, &asked).await });
        world.auth.reset_password(&link, &typed(new), &home()).await.unwrap();
        let _ = ask.await.unwrap();
        for mail in world.mail().await {
            if mail.kind == MailKind::EmailChangeConfirm {
                let answer = world.auth.confirm_email_change(&link_token(&mail), &home()).await;
                assert!(answer.is_err());
            }
        }
        std::mem::swap(&mut old, &mut new);
    }
    assert!(world.find("ann@example.com").await.is_some());
}
