//! Deleting an account.

use usermgmt_core::flows::{DeleteError, ReauthenticationError};
use usermgmt_core::mail::MailKind;
use usermgmt_core::store::OutboxStore as _;

use crate::fixture::*;

#[tokio::test]
async fn nothing_of_a_deleted_user_is_found_again() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let reset = link_token(&world.mailed(MailKind::PasswordReset).await);
    let mails = change_email(&world, &current, "ann@new.example").await;
    // Mail that waits goes too.
    world.auth.forgot_password("ann", &home()).await.unwrap();
    world.auth.delete_account(&world.again(&current).await, None).await.unwrap();
    assert_eq!(world.store.outbox_depth().await.unwrap().waiting, 0);
    let id = &current.user.id;
    assert_eq!(world.auth.account(id).await.unwrap(), None);
    assert_eq!(world.users().await, 0);
    for identifier in ["ann", "ann@new.example", "ann@example.com"] {
        assert!(world.find(identifier).await.is_none());
        assert!(!world.signs_in(identifier, PASSWORD).await);
    }
    assert!(world.auth.sessions(id).await.unwrap().is_empty());
    let tokens = &signed_in.tokens;
    assert!(world.auth.current(tokens.access_token.expose()).await.is_err());
    assert!(world.auth.refresh(tokens.refresh_token.expose(), &home()).await.is_err());
    assert!(world.auth.reset_password(&reset, &typed(OTHER), &home()).await.is_err());
    for mail in mails {
        let token = link_token(&mail);
        assert!(world.auth.confirm_email_change(&token, &home()).await.is_err());
        assert!(world.auth.undo_email_change(&token, &home()).await.is_err());
    }
    // The log keeps what happened to an id that leads to nobody.
    assert!(world.audited(id).await.contains(&"user.deleted".to_owned()));
}

#[tokio::test]
async fn the_names_of_a_deleted_user_are_free_at_once() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    change_email(&world, &current, "ann@new.example").await;
    world.auth.delete_user(&current.user.id).await.unwrap();
    world.try_register("ann", "ann@new.example", OTHER).await.unwrap();
    world.try_register("bob", "ann@example.com", OTHER).await.unwrap();
    let ann = world.find("ann@new.example").await.unwrap();
    assert_ne!(ann.id, current.user.id);
    assert!(world.find("bob").await.is_some());
}

#[tokio::test]
async fn deleting_needs_a_recent_sign_in_or_the_password() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.later(15 * MINUTE + MILLISECOND);
    let refused = world.auth.delete_account(&current, None).await.unwrap_err();
    assert!(matches!(refused, DeleteError::Reauthentication(ReauthenticationError::Required(_))));
    let wrong = world.auth.delete_account(&current, Some(&typed(OTHER))).await.unwrap_err();
    assert!(matches!(wrong, DeleteError::Reauthentication(ReauthenticationError::WrongPassword)));
    assert!(world.find("ann").await.is_some());
    world.auth.delete_account(&current, Some(&typed(PASSWORD))).await.unwrap();
    assert!(world.find("ann").await.is_none());
}

#[tokio::test]
async fn a_wrong_password_is_wrong_even_right_after_signing_in() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let wrong = world.auth.delete_account(&current, Some(&typed(OTHER))).await.unwrap_err();
    assert!(matches!(wrong, DeleteError::Reauthentication(ReauthenticationError::WrongPassword)));
}

#[tokio::test]
async fn who_is_not_there_is_not_deleted() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.auth.delete_user(&current.user.id).await.unwrap();
    for answer in [
        world.auth.delete_user(&current.user.id).await,
        world.auth.delete_account(&current, None).await,
    ] {
        assert!(matches!(answer.unwrap_err(), DeleteError::NotFound));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mail_asked_for_while_the_account_is_deleted_is_not_sent() {
    let world = std::sync::Arc::new(World::unlimited().await);
    for _ in 0..100 {
        let ann = world.member("ann").await;
        let asking = std::sync::Arc::clone(&world);
        let ask = tokio::spawn(async move { asking.auth.forgot_password("ann", &home()).await });
        world.auth.delete_user(&ann.id).await.unwrap();
        ask.await.unwrap().unwrap();
        assert_eq!(world.mailed_kinds().await, []);
    }
}
