//! Confirming an address: by link, by short code, again, and not at all.

use usermgmt_core::flows::{CodeError, LinkError, ResendError};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::token::Purpose;

use crate::fixture::*;

#[tokio::test]
async fn the_link_confirms_and_then_says_that_it_has() {
    let world = World::new().await;
    world.register("ann").await;
    let link = link_token(&world.mailed(MailKind::Confirmation).await);
    let ann = world.auth.confirm(&link, &home()).await.unwrap();
    assert_eq!(ann.email_confirmed_at, Some(world.now()));
    assert_eq!(ann, world.find("ann").await.unwrap());
    assert!(ann.is_active());
    let again = world.auth.confirm(&link, &home()).await.unwrap_err();
    assert!(matches!(again, LinkError::AlreadyConfirmed));
    assert_eq!(world.audited(&ann.id).await, ["user.confirmed", "user.registered"]);
}

#[tokio::test]
async fn a_confirmed_account_and_its_names_do_not_lapse() {
    let world = World::new().await;
    world.member("ann").await;
    world.later(400 * DAY);
    world.auth.purge().await.unwrap();
    assert!(world.find("ann@example.com").await.is_some());
    assert!(world.try_register("ann", "new@example.com", PASSWORD).await.is_err());
}

#[tokio::test]
async fn the_link_is_good_until_its_last_millisecond() {
    for (after, good) in [(DAY - MILLISECOND, true), (DAY, false)] {
        let world = World::new().await;
        world.register("ann").await;
        let link = link_token(&world.mailed(MailKind::Confirmation).await);
        world.later(after);
        match world.auth.confirm(&link, &home()).await {
            Ok(_) => assert!(good),
            Err(error) => assert!(!good && matches!(error, LinkError::Expired), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing_however_often() {
    let world = World::new().await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    let both = [Purpose::Confirm, Purpose::NotMe];
    for _ in 0..3 {
        for token in [link_token(&mail), not_me_token(&mail)] {
            world.auth.inspect_link(&token, &both, &home()).await.unwrap();
        }
    }
    let other = world.auth.inspect_link(&link_token(&mail), &[Purpose::Reset], &home()).await;
    assert!(matches!(other.unwrap_err(), LinkError::Invalid));
    assert!(!world.find("ann").await.unwrap().is_active());
    world.later(DAY);
    let expired = world.auth.inspect_link(&link_token(&mail), &both, &home()).await.unwrap_err();
    assert!(matches!(expired, LinkError::Expired));
}

#[tokio::test]
async fn a_link_that_is_none_of_ours_is_invalid() {
    let world = World::new().await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    let link = link_token(&mail);
    let other_process =
        World::over(world.store.clone(), world.clock.clone(), config(), SECRET).await;
    other_process.auth.inspect_link(&link, &[Purpose::Confirm], &home()).await.unwrap();
    let cut = &link[..link.len() - 1];
    let changed = link.replace("umt_A", "umt_B");
    assert_ne!(changed, link);
    for text in ["", "umt_", "x", cut, &changed, &not_me_token(&mail), &"A".repeat(100_000)] {
        let refused = world.auth.confirm(text, &home()).await.unwrap_err();
        assert!(matches!(refused, LinkError::Invalid), "{text:.80}");
    }
}

#[tokio::test]
async fn the_code_confirms_however_it_is_typed() {
    let world = World::new().await;
    world.register("ann").await;
    let code = code(&world.mailed(MailKind::Confirmation).await);
    let shown =
        format!(" {} {}-{} ", &code.expose()[..3], &code.expose()[3..5], &code.expose()[5..]);
    let ann =
        world.auth.confirm_by_code(" ANN@Example.com", &typed(&shown), &home()).await.unwrap();
    assert!(ann.is_active());
    let again = world.auth.confirm_by_code("ann@example.com", &code, &home()).await.unwrap_err();
    assert!(matches!(again, CodeError::Invalid));
}

#[tokio::test]
async fn the_code_is_good_for_ten_minutes() {
    for (after, good) in [(10 * MINUTE - MILLISECOND, true), (10 * MINUTE, false)] {
        let world = World::new().await;
        world.register("ann").await;
        let code = code(&world.mailed(MailKind::Confirmation).await);
        world.later(after);
        let answer = world.auth.confirm_by_code("ann@example.com", &code, &home()).await;
        assert_eq!(answer.is_ok(), good);
    }
}

#[tokio::test]
async fn a_code_is_dead_after_five_tries_and_the_link_is_not() {
    // The tries of one code count even where limits are off.
    for world in [World::new().await, World::unlimited().await] {
        world.register("ann").await;
        let mail = world.mailed(MailKind::Confirmation).await;
        for _ in 0..5 {
            let wrong = wrong_code(&mail);
            let wrong = world.auth.confirm_by_code("ann@example.com", &wrong, &home()).await;
            assert!(matches!(wrong.unwrap_err(), CodeError::Invalid));
        }
        let dead = world.auth.confirm_by_code("ann@example.com", &code(&mail), &home()).await;
        assert!(matches!(dead.unwrap_err(), CodeError::Invalid));
        world.auth.confirm(&link_token(&mail), &home()).await.unwrap();
    }
}

#[tokio::test]
async fn the_fifth_try_may_be_the_right_one() {
    let world = World::new().await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    for _ in 0..4 {
        world
            .auth
            .confirm_by_code("ann@example.com", &wrong_code(&mail), &home())
            .await
            .unwrap_err();
    }
    world.auth.confirm_by_code("ann@example.com", &code(&mail), &home()).await.unwrap();
}

#[tokio::test]
async fn a_new_code_has_tries_of_its_own_and_ends_the_old_one() {
    let world = World::new().await;
    world.register("ann").await;
    let first = world.mailed(MailKind::Confirmation).await;
    for _ in 0..5 {
        world
            .auth
            .confirm_by_code("ann@example.com", &wrong_code(&first), &home())
            .await
            .unwrap_err();
    }
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
    let second = world.mailed(MailKind::Confirmation).await;
    assert_eq!(link_token(&first), link_token(&second));
    world.auth.confirm_by_code("ann@example.com", &code(&first), &home()).await.unwrap_err();
    world.auth.confirm_by_code("ann@example.com", &code(&second), &home()).await.unwrap();
}

#[tokio::test]
async fn twenty_codes_a_day_may_be_tried_with_an_address_known_or_not() {
    for name in ["ann", "nobody"] {
        let world = World::new().await;
        world.register("ann").await;
        let mut answers = Vec::new();
        for n in 0..22_u8 {
            let answer =
                world.auth.confirm_by_code(&address(name), &typed("12345678"), &client(n)).await;
            answers.push(answer.unwrap_err());
        }
        assert!(answers[..20].iter().all(|error| matches!(error, CodeError::Invalid)));
        for refused in &answers[20..] {
            assert!(
                matches!(refused, CodeError::Service(service_error) if is_limited(service_error))
            );
        }
        world.later(DAY);
        let answer = world.auth.confirm_by_code(&address(name), &typed("1"), &home()).await;
        assert!(matches!(answer.unwrap_err(), CodeError::Invalid));
    }
}

#[tokio::test]
async fn a_wrong_code_costs_the_same_for_every_address() {
    let world = World::new().await;
    world.register("ann").await;
    world.member("bob").await;
    let mut costs = Vec::new();
    for name in ["ann", "bob", "nobody"] {
        world.store.take_calls();
        let answer = world.auth.confirm_by_code(&address(name), &typed("123"), &home()).await;
        assert!(matches!(answer.unwrap_err(), CodeError::Invalid));
        costs.push(world.store.take_calls());
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0], costs[2]);
}

#[tokio::test]
async fn the_mail_again_has_the_same_link_while_half_its_life_remains() {
    for (after, same_link) in [(12 * HOUR, true), (12 * HOUR + MILLISECOND, false)] {
        let world = World::new().await;
        world.register("ann").await;
        let first = world.mailed(MailKind::Confirmation).await;
        world.later(after);
        world.auth.resend_confirmation("ANN@example.com", &home()).await.unwrap();
        let second = world.mailed(MailKind::Confirmation).await;
        assert_eq!(link_token(&first) == link_token(&second), same_link);
        assert!(second.not_me_link.is_some() && second.code.is_some());
        // Either link is good; using one ends the other.
        world.auth.confirm(&link_token(&first), &home()).await.unwrap();
        let other = world.auth.confirm(&link_token(&second), &home()).await.unwrap_err();
        assert!(matches!(other, LinkError::AlreadyConfirmed));
    }
}

#[tokio::test]
async fn asking_for_the_mail_again_is_answered_and_costs_the_same_for_everybody() {
    let world = World::new().await;
    world.register("ann").await;
    world.member("bob").await;
    let dan = world.member("dan").await;
    world.disable(&dan.id).await;
    world.try_register("eve", "eve@example.com", PASSWORD).await.unwrap();
    world.try_register("eve2", "eve@example.com", OTHER).await.unwrap();
    world.mail().await;
    let mut costs = Vec::new();
    for name in ["nobody", "ann", "bob", "dan", "eve"] {
        world.store.take_calls();
        world.auth.resend_confirmation(&address(name), &home()).await.unwrap();
        costs.push(world.store.take_calls());
    }
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:#?}");
    assert_eq!(
        world.mailed_kinds().await,
        [(MailKind::Confirmation, address("ann")), (MailKind::ChoosePassword, address("eve")),]
    );
}

#[tokio::test]
async fn the_mail_comes_again_only_so_often_and_what_was_mailed_last_stays_good() {
    let world = World::with(|config| config.limits.mail_identifier.max = 3).await;
    world.register("ann").await;
    let mut mails = world.mail().await;
    for name in ["ann", "nobody"] {
        for n in 0..20 {
            world.auth.resend_confirmation(&address(name), &client(n)).await.unwrap();
            mails.extend(world.mail().await);
        }
    }
    assert_eq!(mails.len(), 4);
    let last = code(&mails[3]);
    world.auth.confirm_by_code("ann@example.com", &last, &home()).await.unwrap();
}

#[tokio::test]
async fn the_old_answer_to_asking_again_tells_who_is_unknown() {
    let world = World::with(|config| config.compat.reveal_existing_accounts = true).await;
    world.member("ann").await;
    let unknown = world.auth.resend_confirmation("nobody@example.com", &home()).await;
    assert!(matches!(unknown.unwrap_err(), ResendError::UnknownUser));
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
}

#[tokio::test]
async fn not_me_deletes_the_registration_with_its_mail() {
    let world = World::new().await;
    world.register("ann").await;
    let ann = world.find("ann").await.unwrap();
    let mail = world.mailed(MailKind::Confirmation).await;
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
    world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap();
    assert_eq!(world.users().await, 0);
    assert!(world.mail().await.is_empty());
    for token in [link_token(&mail), not_me_token(&mail)] {
        assert!(matches!(world.auth.confirm(&token, &home()).await, Err(LinkError::Invalid)));
        assert!(matches!(world.auth.not_me_link(&token, &home()).await, Err(LinkError::Invalid)));
    }
    assert_eq!(world.audited(&ann.id).await, ["user.not_me", "user.registered"]);
    world.try_register("bob", "ann@example.com", OTHER).await.unwrap();
}

#[tokio::test]
async fn not_me_frees_the_name_no_sooner_than_for_a_known_address() {
    let world = World::new().await;
    world.register("ann").await;
    let began = world.now();
    let mail = world.mailed(MailKind::Confirmation).await;
    world.later(HOUR);
    world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap();
    world.clock.set(began + 7 * DAY - MILLISECOND);
    assert!(world.try_register("ann", "new@example.com", PASSWORD).await.is_err());
    world.clock.set(began + 7 * DAY);
    world.try_register("ann", "new@example.com", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn not_me_does_nothing_to_a_confirmed_account() {
    let world = World::new().await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    world.auth.confirm(&link_token(&mail), &home()).await.unwrap();
    let refused = world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap_err();
    assert!(matches!(refused, LinkError::AlreadyConfirmed));
    assert_eq!(world.users().await, 1);
}

#[tokio::test]
async fn an_unconfirmed_account_is_gone_at_its_end_before_anything_is_purged() {
    let world = World::with(|config| config.confirmation_ttl = 7 * DAY).await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    world.later(7 * DAY - MILLISECOND);
    assert!(world.find("ann").await.is_some());
    world.later(MILLISECOND);
    assert!(world.find("ann").await.is_none());
    assert!(world.find("ann@example.com").await.is_none());
    let link = world.auth.confirm(&link_token(&mail), &home()).await.unwrap_err();
    assert!(matches!(link, LinkError::Expired));
    let not_me = world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap_err();
    assert!(matches!(not_me, LinkError::Expired));
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
    world.auth.forgot_password("ann@example.com", &home()).await.unwrap();
    assert!(world.mail().await.is_empty());
    // Somebody else may have the name and the address at once.
    world.try_register("ann", "ann@example.com", OTHER).await.unwrap();
    let mail = world.mailed(MailKind::Confirmation).await;
    world.auth.purge().await.unwrap();
    assert_eq!(world.users().await, 1);
    world.auth.confirm(&link_token(&mail), &home()).await.unwrap();
    assert!(world.signs_in("ann", OTHER).await);
}

#[tokio::test]
async fn purge_removes_what_was_never_confirmed() {
    let world = World::new().await;
    world.register("ann").await;
    let ann = world.find("ann").await.unwrap();
    world.later(7 * DAY - MILLISECOND);
    world.member("bob").await;
    world.auth.purge().await.unwrap();
    assert_eq!(world.users().await, 2);
    world.later(MILLISECOND);
    world.auth.purge().await.unwrap();
    assert_eq!(world.users().await, 1);
    assert_eq!(world.auth.user(&ann.id).await.unwrap(), None);
    assert_eq!(world.audited(&ann.id).await, ["user.expired", "user.registered"]);
    assert_eq!(world.auth.purge().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_confirmations_confirm_once() {
    let world = std::sync::Arc::new(World::unlimited().await);
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    let ann = world.find("ann").await.unwrap();
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (world, link) = (std::sync::Arc::clone(&world), link_token(&mail));
        racing.spawn(async move { world.auth.confirm(&link, &home()).await });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let confirmations =
        world.audited(&ann.id).await.iter().filter(|action| *action == "user.confirmed").count();
    assert_eq!(confirmations, 1);
}
