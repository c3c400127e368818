//! Somebody without the mailbox wants in by mailed codes and links, or wants to
//! keep its owner out.

use std::sync::Arc;

use usermgmt_core::Client;
use usermgmt_core::flows::{MailSignInError, SignInError};
use usermgmt_core::mail::{MailKind, Message};

use crate::fixture::*;

const VICTIM: &str = "victim@example.com";
const STRANGERS: &str = "green walrus sings";

async fn world(limits: bool) -> World {
    World::with(|config| {
        config.sign_in.email = true;
        config.sign_in.email_registers = true;
        config.limits.enabled = limits;
    })
    .await
}

fn stranger() -> Client {
    client(66)
}

async fn ask(world: &World, email: &str, client: &Client) -> (String, Message) {
    let request = world.auth.mail_sign_in(email, client).await.unwrap();
    (request.expose().clone(), world.mailed(MailKind::EmailSignIn).await)
}

async fn enter(world: &World, mail: &Message, request: &str) -> Result<(), MailSignInError> {
    world.auth.sign_in_by_code(VICTIM, &code(mail), request, &home()).await.map(|_| ())
}

#[tokio::test]
async fn a_code_is_dead_after_five_tries_and_the_link_is_not() {
    // The tries of one code count even where limits are off.
    for limits in [true, false] {
        let world = world(limits).await;
        world.member("victim").await;
        let (request, mail) = ask(&world, VICTIM, &home()).await;
        for _ in 0..5 {
            let wrong = wrong_code(&mail);
            let answer = world.auth.sign_in_by_code(VICTIM, &wrong, &request, &home()).await;
            assert!(matches!(answer.unwrap_err(), MailSignInError::InvalidCode));
        }
        let answer = enter(&world, &mail, &request).await.unwrap_err();
        assert!(matches!(answer, MailSignInError::InvalidCode));
        world.auth.sign_in_by_link(&link_token(&mail), &home()).await.unwrap();
    }
}

#[tokio::test]
async fn a_code_that_was_read_out_works_for_nobody_who_did_not_ask_for_it() {
    let world = world(false).await;
    world.member("victim").await;
    world.member("eve").await;
    let (request, mail) = ask(&world, VICTIM, &home()).await;
    let (own, _) = ask(&world, "eve@example.com", &stranger()).await;
    let unknown = world.auth.mail_sign_in("nobody@example.com", &stranger()).await.unwrap();
    let link = link_token(&mail);
    for other in ["", "umt_", "x", &own, unknown.expose(), &request[..73], &link] {
        let answer = enter(&world, &mail, other).await.unwrap_err();
        assert!(matches!(answer, MailSignInError::InvalidCode), "{other}");
    }
    // What was asked for is no link either.
    let answer = world.auth.sign_in_by_link(&request, &stranger()).await.unwrap_err();
    assert!(matches!(answer, MailSignInError::InvalidToken));
    enter(&world, &mail, &request).await.unwrap();
}

#[tokio::test]
async fn the_code_of_one_address_is_none_of_another() {
    let world = world(false).await;
    world.member("victim").await;
    world.member("eve").await;
    let (request, mail) = ask(&world, "eve@example.com", &stranger()).await;
    let answer = enter(&world, &mail, &request).await.unwrap_err();
    assert!(matches!(answer, MailSignInError::InvalidCode));
}

#[tokio::test]
async fn a_disabled_account_is_not_entered_by_what_was_mailed_before() {
    let world = world(false).await;
    let victim = world.member("victim").await;
    let (request, mail) = ask(&world, VICTIM, &home()).await;
    world.disable(&victim.id).await;
    assert!(enter(&world, &mail, &request).await.is_err());
    let link = link_token(&mail);
    assert!(world.auth.inspect_mail_sign_in(&link, &home()).await.is_err());
    assert!(world.auth.sign_in_by_link(&link, &home()).await.is_err());
    world.auth.mail_sign_in(VICTIM, &home()).await.unwrap();
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn a_deleted_account_is_not_entered_and_does_not_come_back() {
    let world = world(false).await;
    let victim = world.member("victim").await;
    let (request, mail) = ask(&world, VICTIM, &home()).await;
    world.auth.delete_user(&victim.id).await.unwrap();
    assert!(enter(&world, &mail, &request).await.is_err());
    assert!(world.auth.sign_in_by_link(&link_token(&mail), &home()).await.is_err());
    assert_eq!(world.users().await, 0);
}

#[tokio::test]
async fn a_mail_scanner_signs_nobody_in_and_uses_nothing_up() {
    let world = world(false).await;
    let victim = world.member("victim").await;
    let (_, mail) = ask(&world, VICTIM, &home()).await;
    let link = link_token(&mail);
    for _ in 0..20 {
        world.auth.inspect_mail_sign_in(&link, &stranger()).await.unwrap();
    }
    assert!(world.auth.sessions(&victim.id).await.unwrap().is_empty());
    world.auth.sign_in_by_link(&link, &home()).await.unwrap();
}

#[tokio::test]
async fn strangers_who_ask_again_and_again_neither_flood_the_mailbox_nor_keep_its_owner_out() {
    let world = world(true).await;
    world.member("victim").await;
    let mut links = Vec::new();
    for n in 0..100 {
        world.auth.mail_sign_in(VICTIM, &client(n)).await.unwrap();
        links.extend(world.mail().await.iter().map(link_token));
    }
    assert_eq!(links.len(), 7);
    // The owner asks, and gets in by what is in the mailbox; from then on mail comes as ever.
    world.auth.mail_sign_in(VICTIM, &home()).await.unwrap();
    world.auth.sign_in_by_link(&links[6], &home()).await.unwrap();
    for link in &links {
        assert!(world.auth.sign_in_by_link(link, &home()).await.is_err());
    }
    let (request, mail) = ask(&world, VICTIM, &home()).await;
    enter(&world, &mail, &request).await.unwrap();
}

#[tokio::test]
async fn guessing_at_an_address_ends_for_the_day_and_leaves_the_link() {
    let world = world(true).await;
    world.member("victim").await;
    let mut refused = 0;
    for n in 0..30 {
        let request = world.auth.mail_sign_in(VICTIM, &client(n)).await.unwrap();
        let guess = typed("12345678");
        let answer = world.auth.sign_in_by_code(VICTIM, &guess, request.expose(), &client(n)).await;
        match answer.unwrap_err() {
            MailSignInError::Service(error) if is_limited(&error) => refused += 1,
            MailSignInError::InvalidCode => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 10);
    let link = link_token(world.mail().await.last().unwrap());
    world.auth.sign_in_by_link(&link, &home()).await.unwrap();
}

#[tokio::test]
async fn who_asked_for_no_mail_has_no_try_of_an_address() {
    let world = world(true).await;
    world.member("victim").await;
    for n in 0..100 {
        let guess = typed("12345678");
        world.auth.sign_in_by_code(VICTIM, &guess, "umt_x", &client(n)).await.unwrap_err();
    }
    let (request, mail) = ask(&world, VICTIM, &home()).await;
    enter(&world, &mail, &request).await.unwrap();
}

#[tokio::test]
async fn guessing_at_an_address_leaves_the_codes_of_a_device_that_its_owner_has_used() {
    let world = world(true).await;
    world.member("victim").await;
    let known = device(1, &world.sign_in("victim").await);
    for n in 100..130 {
        let request = world.auth.mail_sign_in(VICTIM, &client(n)).await.unwrap();
        let guess = typed("12345678");
        let answer = world.auth.sign_in_by_code(VICTIM, &guess, request.expose(), &client(n)).await;
        answer.unwrap_err();
    }
    world.later(15 * MINUTE);
    world.mail().await;
    let (request, mail) = ask(&world, VICTIM, &known).await;
    let stranger = world.auth.sign_in_by_code(VICTIM, &code(&mail), &request, &stranger()).await;
    let error = stranger.unwrap_err();
    assert!(matches!(&error, MailSignInError::Service(error) if is_limited(error)), "{error:?}");
    // Somebody's own device is none of the address's.
    world.member("eve").await;
    let eves = device(67, &world.sign_in("eve").await);
    world.auth.sign_in_by_code(VICTIM, &code(&mail), &request, &eves).await.unwrap_err();
    world.auth.sign_in_by_code(VICTIM, &code(&mail), &request, &known).await.unwrap();
}

#[tokio::test]
async fn somebody_new_always_has_a_live_link_however_often_strangers_ask() {
    let world = world(true).await;
    let mut links = Vec::new();
    for minute in 0..60 {
        for _ in 0..12 {
            let _ = world.auth.mail_sign_in(VICTIM, &client(minute)).await;
        }
        let _ = world.auth.mail_sign_in(VICTIM, &home()).await;
        links.extend(world.mail().await.iter().map(link_token));
        let mut live = 0;
        for link in links.iter().rev().take(20) {
            live += usize::from(world.auth.inspect_mail_sign_in(link, &home()).await.is_ok());
        }
        assert!(live > 0, "minute {minute}");
        world.later(MINUTE);
    }
}

#[tokio::test]
async fn right_codes_are_no_tries() {
    let world = world(true).await;
    world.member("victim").await;
    for _ in 0..30 {
        let (request, mail) = ask(&world, VICTIM, &home()).await;
        enter(&world, &mail, &request).await.unwrap();
        world.later(11 * MINUTE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_who_race_with_one_mail_one_gets_in() {
    for known in [true, false] {
        let world = Arc::new(world(false).await);
        if known {
            world.member("victim").await;
        }
        let (request, mail) = ask(&world, VICTIM, &home()).await;
        let mut racing = tokio::task::JoinSet::new();
        for n in 0..100 {
            let (world, request, mail) = (Arc::clone(&world), request.clone(), mail.clone());
            racing.spawn(async move {
                match n % 20 {
                    // A code takes five tries.
                    0 => enter(&world, &mail, &request).await.is_ok(),
                    _ => world.auth.sign_in_by_link(&link_token(&mail), &home()).await.is_ok(),
                }
            });
        }
        let won = racing.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1);
        let victim = world.find(VICTIM).await.unwrap();
        assert_eq!(world.auth.sessions(&victim.id).await.unwrap().len(), 1);
        assert_eq!(world.users().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_sign_ins_that_race_make_one_account() {
    let world = Arc::new(world(false).await);
    let mut mails = Vec::new();
    for _ in 0..8 {
        mails.push(ask(&world, VICTIM, &home()).await);
    }
    let mut racing = tokio::task::JoinSet::new();
    for (request, mail) in mails {
        let world = Arc::clone(&world);
        racing.spawn(async move { enter(&world, &mail, &request).await });
    }
    for outcome in racing.join_all().await {
        // Those that come after the account was there sign in to it.
        outcome.unwrap();
    }
    assert_eq!(world.users().await, 1);
}

/// Registers the victim's address first, with a password, and takes every mail
/// that comes of it.
async fn squatted(world: &World) -> Vec<Message> {
    world.try_register("squatter", VICTIM, STRANGERS).await.unwrap();
    let mut mails = world.mail().await;
    world.auth.resend_confirmation(VICTIM, &stranger()).await.unwrap();
    mails.extend(world.mail().await);
    world.auth.forgot_password(VICTIM, &stranger()).await.unwrap();
    mails.extend(world.mail().await);
    world.try_register("squatter2", VICTIM, STRANGERS).await.unwrap();
    mails.extend(world.mail().await);
    mails
}

#[tokio::test]
async fn whoever_registered_the_address_first_holds_nothing_once_its_owner_signs_in() {
    for by_link in [true, false] {
        let world = world(false).await;
        let before = squatted(&world).await;
        let (request, mail) = ask(&world, VICTIM, &home()).await;
        let outcome = if by_link {
            world.auth.sign_in_by_link(&link_token(&mail), &home()).await
        } else {
            world.auth.sign_in_by_code(VICTIM, &code(&mail), &request, &home()).await
        };
        let victim = signed_in(outcome.unwrap()).user;
        let refused = world.try_sign_in(VICTIM, STRANGERS, &stranger()).await.unwrap_err();
        assert!(matches!(refused, SignInError::InvalidCredentials));
        assert!(world.try_sign_in("squatter", STRANGERS, &stranger()).await.is_err());
        // Whatever was mailed for the registration does nothing more: not even delete it.
        assert_eq!(before.len(), 4);
        for mail in &before {
            let link = link_token(mail);
            assert!(world.auth.confirm(&link, &stranger()).await.is_err());
            let reset = world.auth.reset_password(&link, &typed(STRANGERS), &stranger()).await;
            assert!(reset.is_err());
            let gone = world.auth.not_me_link(&not_me_token(mail), &stranger()).await;
            assert!(gone.is_err());
            if mail.code.is_some() {
                let code = world.auth.confirm_by_code(VICTIM, &code(mail), &stranger()).await;
                assert!(code.is_err());
            }
        }
        let sessions = world.auth.sessions(&victim.id).await.unwrap();
        assert_eq!(sessions.len(), 1);
        assert!(world.account(&victim.id).await.password.is_none());
        // A later registration of the address gets nowhere either.
        world.try_register("squatter3", VICTIM, STRANGERS).await.unwrap();
        assert!(!world.signs_in(VICTIM, STRANGERS).await);
    }
}

#[tokio::test]
async fn a_registration_after_the_mail_does_not_keep_its_owner_out() {
    let world = world(false).await;
    // The address is not known yet, or registered by its owner.
    for registered in [false, true] {
        let victim = if registered { "known@example.com" } else { VICTIM };
        if registered {
            world.try_register("known", victim, PASSWORD).await.unwrap();
            world.mail().await;
        }
        let (request, mail) = ask(&world, victim, &home()).await;
        world.try_register("eve", victim, STRANGERS).await.ok();
        world.try_register("eve2", victim, OTHER).await.ok();
        let outcome = world.auth.sign_in_by_code(victim, &code(&mail), &request, &home()).await;
        assert!(signed_in(outcome.unwrap()).user.is_active());
        for password in [STRANGERS, OTHER, PASSWORD] {
            assert!(!world.signs_in(victim, password).await);
        }
        world.mail().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_in_racing_with_registrations_leaves_no_strangers_password() {
    for _ in 0..50 {
        let world = Arc::new(world(false).await);
        let (request, mail) = ask(&world, VICTIM, &home()).await;
        let registering = Arc::clone(&world);
        let stranger =
            tokio::spawn(async move { registering.try_register("eve", VICTIM, STRANGERS).await });
        enter(&world, &mail, &request).await.unwrap();
        stranger.await.unwrap().unwrap();
        assert!(!world.signs_in(VICTIM, STRANGERS).await);
        assert_eq!(world.users().await, 1);
    }
}

#[tokio::test]
async fn a_registrations_pending_second_factor_goes_with_its_password() {
    let world = world(false).await;
    world.try_register("squatter", VICTIM, STRANGERS).await.unwrap();
    let id = world.find(VICTIM).await.unwrap().id;
    world.auth.begin_totp(&id).await.unwrap();
    world.mail().await;
    let (request, mail) = ask(&world, VICTIM, &home()).await;
    enter(&world, &mail, &request).await.unwrap();
    let pending = world.account(&id).await.totp.and_then(|totp| totp.pending);
    assert!(pending.is_none());
}
