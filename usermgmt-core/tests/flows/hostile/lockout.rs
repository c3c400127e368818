//! Keeping an owner out by failing in their name, and guessing beyond the limits.

use usermgmt_core::Client;
use usermgmt_core::flows::SignInError;
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::token::Purpose;

use crate::fixture::*;

#[tokio::test]
async fn whatever_strangers_fail_leaves_the_owner_two_ways_in() {
    let world = World::new().await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    for name in ["ann", "ann@example.com"] {
        for _ in 0..200 {
            let _ = world.try_sign_in(name, OTHER, &client(66)).await;
            let _ = world.auth.forgot_password(name, &client(66)).await;
            let _ = world.auth.resend_confirmation("ann@example.com", &client(66)).await;
        }
    }
    // A device that was used before, wherever it is now.
    assert!(world.try_sign_in("ann", PASSWORD, &device(66, &signed_in)).await.is_ok());
    // A link in the mailbox.
    world.auth.forgot_password("ann@example.com", &home()).await.unwrap();
    let mails = world.mail().await;
    let newest = mails.iter().rfind(|mail| mail.kind == MailKind::PasswordReset).unwrap();
    let link = link_token(newest);
    world.auth.reset_password(&link, &typed(THIRD), &home()).await.unwrap();
    assert!(world.try_sign_in("ann", THIRD, &home()).await.is_ok());
}

#[tokio::test]
async fn a_service_that_says_nothing_of_its_user_keeps_no_right_password_out() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    let nobody = Client { is_vouched_for: true, ..Client::default() };
    let check =
        async |password| world.auth.check_credentials(&credentials("ann", password), &nobody).await;
    for n in 0..120 {
        let refused = check(OTHER).await.unwrap_err();
        let slowed = matches!(&refused, SignInError::Service(error) if is_limited(error));
        assert_eq!(slowed, n >= 10, "{n}");
    }
    assert_eq!(check(PASSWORD).await.unwrap().user.id, ann.id);
}

#[tokio::test]
async fn who_comes_from_nowhere_and_is_no_service_has_a_hundred_failures_in_a_row() {
    let world = World::new().await;
    world.member("ann").await;
    let nobody = Client::default();
    for _ in 0..99 {
        world.try_sign_in("ann", OTHER, &nobody).await.unwrap_err();
    }
    assert!(world.try_sign_in("ann", PASSWORD, &nobody).await.is_ok());
    for _ in 0..100 {
        world.try_sign_in("ann", OTHER, &nobody).await.unwrap_err();
    }
    assert!(world.try_sign_in("ann", PASSWORD, &nobody).await.is_err());
}

#[tokio::test]
async fn a_service_that_says_whose_device_it_is_gets_a_token_for_it() {
    let world = World::with(|config| config.limits.sign_in_account.first.max = 3).await;
    world.member("ann").await;
    let right = credentials("ann", PASSWORD);
    let checked = world.auth.check_credentials(&right, &client(1)).await.unwrap();
    for n in 10..20 {
        let wrong = credentials("ann", OTHER);
        world.auth.check_credentials(&wrong, &client(n)).await.unwrap_err();
    }
    world.auth.check_credentials(&right, &client(30)).await.unwrap_err();
    let known = Client { device_token: checked.device_token, ..client(31) };
    world.auth.check_credentials(&right, &known).await.unwrap();
}

#[tokio::test]
async fn a_device_is_its_users_alone_and_ends_with_their_sessions() {
    for how in ["another user's", "signed out everywhere", "new password", "reset"] {
        let world = World::with(|config| config.limits.sign_in_account.first.max = 3).await;
        world.member("ann").await;
        let (signed_in, current) = world.signed_in_member("bob").await;
        let mut client = device(1, &signed_in);
        let (mut name, mut password) = ("bob", PASSWORD);
        match how {
            "another user's" => name = "ann",
            "signed out everywhere" => {
                world.auth.sign_out_all(&current.user.id, &home()).await.unwrap()
            }
            "new password" => {
                password = THIRD;
                let new = typed(THIRD);
                world.auth.change_password(&current, &typed(PASSWORD), &new).await.unwrap();
            }
            _ => {
                password = THIRD;
                world.auth.forgot_password("bob", &home()).await.unwrap();
                let link = link_token(&world.mailed(MailKind::PasswordReset).await);
                world.auth.reset_password(&link, &typed(THIRD), &home()).await.unwrap();
            }
        }
        for n in 10..20 {
            let _ = world.try_sign_in(name, OTHER, &crate::fixture::client(n)).await;
        }
        assert!(world.try_sign_in(name, password, &client).await.is_err(), "{how}");
        client.device_token = None;
        assert!(world.try_sign_in(name, password, &client).await.is_err(), "{how}");
    }
}

#[tokio::test]
async fn address_and_username_of_one_account_have_one_cap() {
    let world = World::with(|config| config.limits.sign_in_account.first.max = 6).await;
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
