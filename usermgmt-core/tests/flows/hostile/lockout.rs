//! Keeping an owner out by failing in their name, and guessing beyond the limits.

use usermgmt_core::flows::SignInError;
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::token::Purpose;

use crate::fixture::*;

#[tokio::test]
async fn one_client_alone_does_not_reach_the_accounts_cap() {
    let world = World::new().await;
    world.member("ann").await;
    for name in ["ann", "ann@example.com"] {
        for _ in 0..200 {
            let _ = world.try_sign_in(name, OTHER, &client(66)).await;
        }
    }
    assert!(world.try_sign_in("ann", PASSWORD, &client(2)).await.is_ok());
}

#[tokio::test]
async fn address_and_username_of_one_account_have_one_cap() {
    let world = World::with(|config| config.limits.sign_in_account.max = 6).await;
    world.member("ann").await;
    for n in 10..13 {
        for name in ["ann", "ann@example.com"] {
            world.try_sign_in(name, OTHER, &client(n)).await.unwrap_err();
        }
    }
    assert!(world.try_sign_in("ann", PASSWORD, &client(20)).await.is_err());
    assert!(world.try_sign_in("ann@example.com", PASSWORD, &client(20)).await.is_err());
}

#[tokio::test]
async fn a_username_gives_no_further_tries_of_the_mailed_code() {
    let world = World::unlimited().await;
    world.register("ann").await;
    let mail = world.mail().await.remove(0);
    assert!(world.auth.confirm_by_code("ann", &code(&mail), &home()).await.is_err());
    world.auth.confirm_by_code("ann@example.com", &code(&mail), &home()).await.unwrap();
}

#[tokio::test]
async fn an_owner_always_has_a_live_reset_link_however_often_strangers_ask() {
    let world = World::new().await;
    world.member("ann").await;
    for n in 0..10 {
        world.try_register(&format!("eve{n}"), "ann@example.com", OTHER).await.unwrap();
    }
    let mut newest = String::new();
    for minute in 0..120 {
        for name in ["ann", "ann@example.com"] {
            for _ in 0..12 {
                let _ = world.auth.forgot_password(name, &client(minute)).await;
            }
        }
        // Whether or not the owner is let ask as well.
        let _ = world.auth.forgot_password("ann@example.com", &home()).await;
        let mails = world.mail().await;
        if let Some(mail) = mails.iter().rfind(|mail| mail.kind == MailKind::PasswordReset) {
            newest = link_token(mail);
        }
        let live = world.auth.inspect_link(&newest, &[Purpose::Reset], &home()).await;
        assert!(live.is_ok(), "minute {minute}");
        world.later(MINUTE);
    }
}

#[tokio::test]
async fn a_client_beyond_its_limits_does_not_take_the_room_of_others() {
    let world = World::with(|config| {
        config.hasher.workers = 1;
        config.hasher.queue = 1;
    })
    .await;
    world.member("ann").await;
    let refused = async || {
        let answer = world.try_sign_in("ann", OTHER, &client(66)).await;
        matches!(answer, Err(SignInError::Service(service_error)) if is_limited(&service_error))
    };
    while !refused().await {}
    // Its attempts are many, and counting them takes a while.
    world.store.hang();
    for _ in 0..50 {
        let auth = world.auth.clone();
        let command = credentials("ann", OTHER);
        tokio::spawn(async move { auth.sign_in(&command, &client(66)).await });
        tokio::task::yield_now().await;
    }
    world.store.heal();
    world.sign_in("ann").await;
    // Nor is it kept waiting itself, or anybody for it who shares its address.
    assert!(refused().await);
    world.member("bob").await;
    world.try_sign_in("bob", PASSWORD, &client(66)).await.unwrap();
}
