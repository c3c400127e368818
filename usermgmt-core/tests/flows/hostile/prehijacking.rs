//! Somebody registers an address that is not theirs, before or after its owner
//! does. Whichever mail the owner answers, the stranger gets nothing.

use usermgmt_core::mail::{MailKind, Message};

use crate::fixture::*;

const VICTIM: &str = "victim@example.com";
const VICTIMS: &str = "purple otter swims";
const STRANGERS: &str = "green walrus sings";

#[derive(Clone, Copy, Debug)]
enum Answer {
    FirstLink,
    NewestLink,
    Code,
}

/// Registers for both, in that order, and lets the owner of the mailbox answer.
async fn play(stranger_first: bool, answer: Answer, same_password: bool) -> World {
    let world = World::unlimited().await;
    let strangers = if same_password { VICTIMS } else { STRANGERS };
    let mut registrations = [("stranger", strangers), ("victim", VICTIMS)];
    if !stranger_first {
        registrations.reverse();
    }
    let mut mails = Vec::new();
    for (name, password) in registrations {
        world.try_register(name, VICTIM, password).await.unwrap();
        mails.extend(world.mail().await);
        assert!(!world.signs_in(VICTIM, STRANGERS).await && !world.signs_in(VICTIM, VICTIMS).await);
    }
    follow(&world, &mails, answer).await;
    world
}

async fn follow(world: &World, mails: &[Message], answer: Answer) {
    let mail = match answer {
        Answer::FirstLink => &mails[0],
        Answer::NewestLink => mails.last().unwrap(),
        Answer::Code => {
            let mail = mails.iter().rfind(|mail| mail.code.is_some()).unwrap();
            world.auth.confirm_by_code(VICTIM, &code(mail), &home()).await.unwrap();
            return;
        }
    };
    if mail.kind == MailKind::ChoosePassword {
        world.auth.reset_password(&link_token(mail), &typed(THIRD), &home()).await.unwrap();
    } else {
        world.auth.confirm(&link_token(mail), &home()).await.unwrap();
    }
}

#[tokio::test]
async fn a_stranger_has_neither_password_nor_session_on_the_victims_address() {
    for stranger_first in [true, false] {
        for answer in [Answer::FirstLink, Answer::NewestLink, Answer::Code] {
            let case = format!("stranger first: {stranger_first}, {answer:?}");
            let world = play(stranger_first, answer, false).await;
            assert!(!world.signs_in(VICTIM, STRANGERS).await, "{case}");
            let victim = world.find(VICTIM).await.unwrap();
            assert!(victim.is_active(), "{case}");
            assert!(world.auth.sessions(&victim.id).await.unwrap().is_empty(), "{case}");
            // What stands is what the owner of the mailbox chose, or nothing.
            let password = world.account(&victim.id).await.password;
            assert_eq!(password.is_some(), world.signs_in(VICTIM, THIRD).await, "{case}");
            // And the owner of the mailbox gets in.
            world.mail().await;
            world.auth.forgot_password(VICTIM, &home()).await.unwrap();
            let link = link_token(&world.mailed(MailKind::PasswordReset).await);
            world.auth.reset_password(&link, &typed(VICTIMS), &home()).await.unwrap();
            assert!(world.signs_in(VICTIM, VICTIMS).await, "{case}");
        }
    }
}

#[tokio::test]
async fn with_one_password_the_first_registration_stands_for_whoever_has_the_mailbox() {
    for stranger_first in [true, false] {
        for answer in [Answer::FirstLink, Answer::NewestLink, Answer::Code] {
            let world = play(stranger_first, answer, true).await;
            assert_eq!(world.users().await, 1);
            assert!(world.signs_in(VICTIM, VICTIMS).await);
            assert!(!world.signs_in(VICTIM, STRANGERS).await);
        }
    }
}

#[tokio::test]
async fn a_stranger_who_registers_again_and_again_gets_no_further() {
    let world = World::unlimited().await;
    let mut mails = Vec::new();
    for (n, password) in [STRANGERS, VICTIMS, STRANGERS, STRANGERS].into_iter().enumerate() {
        world.try_register(&format!("name{n}"), VICTIM, password).await.unwrap();
        mails.extend(world.mail().await);
    }
    follow(&world, &mails, Answer::FirstLink).await;
    assert!(!world.signs_in(VICTIM, STRANGERS).await);
    // After confirming, too: the address is known now.
    world.try_register("name9", VICTIM, STRANGERS).await.unwrap();
    assert!(!world.signs_in(VICTIM, STRANGERS).await);
    let choose = mails.iter().find(|mail| mail.kind == MailKind::ChoosePassword).unwrap();
    world.auth.reset_password(&link_token(choose), &typed(THIRD), &home()).await.unwrap();
    assert!(world.signs_in(VICTIM, THIRD).await);
}

#[tokio::test]
async fn a_contested_registration_offers_no_code_and_no_plain_confirmation() {
    let world = World::unlimited().await;
    world.try_register("stranger", VICTIM, STRANGERS).await.unwrap();
    world.try_register("victim", VICTIM, VICTIMS).await.unwrap();
    world.mail().await;
    world.auth.resend_confirmation(VICTIM, &home()).await.unwrap();
    let mail = world.mailed(MailKind::ChoosePassword).await;
    assert!(mail.code.is_none());
    let link = world.auth.confirm(&link_token(&mail), &home()).await;
    assert!(link.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_registration_racing_with_the_confirmation_leaves_no_strangers_password() {
    for _ in 0..50 {
        let world = std::sync::Arc::new(World::unlimited().await);
        world.try_register("stranger", VICTIM, STRANGERS).await.unwrap();
        let first = world.mailed(MailKind::Confirmation).await;
        let (registering, confirming) = (std::sync::Arc::clone(&world), link_token(&first));
        let victim =
            tokio::spawn(async move { registering.try_register("victim", VICTIM, VICTIMS).await });
        // Either comes first; where the registration does, no password is left.
        world.auth.confirm(&confirming, &home()).await.unwrap();
        victim.await.unwrap().unwrap();
        let kinds: Vec<MailKind> = world.mail().await.iter().map(|mail| mail.kind).collect();
        let contested = kinds.contains(&MailKind::ChoosePassword);
        assert_ne!(contested, kinds.contains(&MailKind::AlreadyRegistered), "{kinds:?}");
        assert_eq!(contested, !world.signs_in(VICTIM, STRANGERS).await);
    }
}
