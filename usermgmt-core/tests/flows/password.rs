//! Forgetting a password and setting a new one.

use std::sync::Arc;

use usermgmt_core::flows::{LinkError, ResetError};
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::model::token::Purpose;
use usermgmt_core::model::user::User;
use usermgmt_core::password::PasswordProblem;

use crate::fixture::*;

async fn forgot(world: &World, identifier: &str) -> Message {
    world.auth.forgot_password(identifier, &home()).await.unwrap();
    world.mailed(MailKind::PasswordReset).await
}

async fn reset(world: &World, mail: &Message, password: &str) -> Result<User, ResetError> {
    world.auth.reset_password(&link_token(mail), &typed(password), &home()).await
}

fn is_invalid(answer: &Result<User, ResetError>) -> bool {
    matches!(answer, Err(ResetError::InvalidToken))
}

#[tokio::test]
async fn a_mailed_link_sets_a_new_password_and_ends_every_session() {
    let world = World::new().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let mail = forgot(&world, "ANN").await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
    assert_eq!(mail.valid_minutes, Some(15));
    assert!(mail.not_me_link.is_none());
    let link = mail.link.as_ref().unwrap().expose();
    assert!(link.starts_with("https://accounts.example.com/reset-password?token=umt_"), "{link}");
    reset(&world, &mail, OTHER).await.unwrap();
    assert!(world.auth.current(signed_in.tokens.access_token.expose()).await.is_err());
    assert!(world.auth.sessions(&current.user.id).await.unwrap().is_empty());
    assert!(!world.signs_in("ann", PASSWORD).await);
    assert!(world.signs_in("ann", OTHER).await);
    assert!(is_invalid(&reset(&world, &mail, THIRD).await));
    let notice = world.mailed(MailKind::PasswordChanged).await;
    assert_eq!(notice.recipient.as_str(), "ann@example.com");
}

#[tokio::test]
async fn the_link_leads_to_the_hosts_own_page_where_there_is_one() {
    let frontend = |config: &mut usermgmt_core::config::Config| {
        config.frontend_url = Some("https://app.example.com/".parse().unwrap());
    };
    let world = World::with(frontend).await;
    world.member("ann").await;
    let mail = forgot(&world, "ann").await;
    let link = mail.link.as_ref().unwrap().expose();
    assert!(link.starts_with("https://app.example.com/reset-password?token=umt_"), "{link}");
}

#[tokio::test]
async fn asking_is_answered_and_costs_the_same_for_everybody() {
    let world = World::new().await;
    world.member("ann").await;
    world.register("bob").await;
    let dan = world.member("dan").await;
    world.disable(&dan.id).await;
    world.mail().await;
    let mut costs = Vec::new();
    for identifier in ["nobody", "no@example.com", "ann", "ann@example.com", "bob", "dan"] {
        world.store.take_calls();
        world.auth.forgot_password(identifier, &home()).await.unwrap();
        costs.push((identifier, world.store.take_calls()));
    }
    for (identifier, cost) in &costs[1..] {
        assert_eq!(cost, &costs[0].1, "{identifier}");
    }
    assert_eq!(
        world.mailed_kinds().await,
        [
            (MailKind::ChoosePassword, address("bob")),
            (MailKind::PasswordReset, address("ann")),
            (MailKind::PasswordReset, address("ann")),
        ]
    );
}

#[tokio::test]
async fn asking_again_mails_the_same_link_while_half_its_life_remains() {
    let world = World::unlimited().await;
    world.member("ann").await;
    let first = forgot(&world, "ann").await;
    world.later(7 * MINUTE + 30 * SECOND);
    let second = forgot(&world, "ann").await;
    assert_eq!(link_token(&first), link_token(&second));
    world.later(MILLISECOND);
    let third = forgot(&world, "ann").await;
    assert_ne!(link_token(&first), link_token(&third));
    // Using one voids the other.
    reset(&world, &first, OTHER).await.unwrap();
    assert!(is_invalid(&reset(&world, &third, THIRD).await));
}

#[tokio::test]
async fn whoever_asks_often_is_answered_and_mails_nothing_while_the_link_is_good() {
    let world = World::with(|config| config.limits.mail_identifier.max = 3).await;
    world.member("ann").await;
    for name in ["ann", "nobody"] {
        let mut mails = 0;
        for n in 0..20 {
            world.auth.forgot_password(name, &client(n)).await.unwrap();
            mails += world.mail().await.len();
        }
        assert_eq!(mails, if name == "ann" { 3 } else { 0 });
    }
    // The link that was mailed is too old to be mailed again: a new one is.
    world.later(8 * MINUTE);
    forgot(&world, "ann").await;
}

#[tokio::test]
async fn other_mails_do_not_count_for_a_reset() {
    let world = World::with(|config| config.limits.mail_identifier.max = 3).await;
    world.member("ann").await;
    for n in 0..20 {
        world.auth.resend_confirmation("ann@example.com", &client(n)).await.unwrap();
    }
    forgot(&world, "ann").await;
}

#[tokio::test]
async fn the_link_is_good_until_its_last_millisecond() {
    for (after, good) in [(15 * MINUTE - MILLISECOND, true), (15 * MINUTE, false)] {
        let world = World::new().await;
        world.member("ann").await;
        let mail = forgot(&world, "ann").await;
        world.later(after);
        let purposes = [Purpose::Reset, Purpose::ChoosePassword];
        let looked = world.auth.inspect_link(&link_token(&mail), &purposes, &home()).await;
        match looked {
            Ok(_) => assert!(good),
            Err(error) => assert!(!good && matches!(error, LinkError::Expired)),
        }
        let answer = reset(&world, &mail, OTHER).await;
        assert_eq!((answer.is_ok(), is_invalid(&answer)), (good, !good));
    }
}

#[tokio::test]
async fn a_password_that_is_not_accepted_leaves_the_link_good() {
    let world = World::with(|config| config.password_policy.breaches = stolen(OTHER)).await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let mail = forgot(&world, "ann").await;
    for (password, problem) in [
        ("short", PasswordProblem::TooShort { min: 8 }),
        ("ann@example.com", PasswordProblem::TooEasy),
        (OTHER, PasswordProblem::Breached),
    ] {
        let error = reset(&world, &mail, password).await.unwrap_err();
        assert!(matches!(error, ResetError::Password(found) if found == problem));
    }
    world.current(&signed_in).await;
    reset(&world, &mail, THIRD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twelve_racing_uses_of_one_link_one_succeeds() {
    for _ in 0..10 {
        let world = Arc::new(World::unlimited().await);
        world.member("ann").await;
        let link = link_token(&forgot(&world, "ann").await);
        let mut racing = tokio::task::JoinSet::new();
        for n in 0..12 {
            let (world, link) = (Arc::clone(&world), link.clone());
            racing.spawn(async move {
                let password = format!("purple otter number {n}");
                let answer = world.auth.reset_password(&link, &typed(&password), &home()).await;
                (password, answer)
            });
        }
        let answers = racing.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|(_, a)| a.is_ok());
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|(_, answer)| is_invalid(answer)));
        assert!(world.signs_in("ann", &won[0].0).await);
        world.mailed(MailKind::PasswordChanged).await;
    }
}

#[tokio::test]
async fn somebody_who_never_confirmed_gets_a_link_that_does_that_too() {
    let world = World::unlimited().await;
    world.register("ann").await;
    let first = world.mailed(MailKind::Confirmation).await;
    world.auth.forgot_password("ann@example.com", &home()).await.unwrap();
    let mail = world.mailed(MailKind::ChoosePassword).await;
    assert!(mail.not_me_link.is_some());
    let ann = reset(&world, &mail, OTHER).await.unwrap();
    assert!(ann.is_email_confirmed());
    assert_eq!(ann, world.find("ann").await.unwrap());
    assert!(world.signs_in("ann", OTHER).await && !world.signs_in("ann", PASSWORD).await);
    // Nothing of the registration is left to follow, and it does not lapse.
    let link = world.auth.confirm(&link_token(&first), &home()).await.unwrap_err();
    assert!(matches!(link, LinkError::AlreadyConfirmed));
    let not_me = world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap_err();
    assert!(matches!(not_me, LinkError::AlreadyConfirmed));
    world.later(30 * DAY);
    world.auth.purge().await.unwrap();
    assert!(world.find("ann").await.is_some());
}

#[tokio::test]
async fn the_link_that_confirms_ends_with_the_registration() {
    let world = World::with(|config| config.confirmation_ttl = 7 * DAY).await;
    world.register("ann").await;
    world.later(6 * DAY);
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let mail = world.mailed(MailKind::ChoosePassword).await;
    world.later(DAY);
    assert!(is_invalid(&reset(&world, &mail, OTHER).await));
}

#[tokio::test]
async fn a_disabled_user_resets_nothing() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    let mail = forgot(&world, "ann").await;
    world.disable(&ann.id).await;
    assert!(is_invalid(&reset(&world, &mail, OTHER).await));
}

#[tokio::test]
async fn a_link_to_the_old_address_is_void_once_the_address_has_changed() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    let mail = forgot(&world, "ann").await;
    change_email(&world, &current, "ann@new.example").await;
    assert!(is_invalid(&reset(&world, &mail, OTHER).await));
    let mail = forgot(&world, "ann").await;
    assert_eq!(mail.recipient.as_str(), "ann@new.example");
    reset(&world, &mail, OTHER).await.unwrap();
}

#[tokio::test]
async fn no_other_link_sets_a_password() {
    let world = World::unlimited().await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    for token in [&link_token(&mail), &not_me_token(&mail), "", "umt_", "umr_"] {
        let answer = world.auth.reset_password(token, &typed(OTHER), &home()).await;
        assert!(is_invalid(&answer), "{token}");
    }
}
