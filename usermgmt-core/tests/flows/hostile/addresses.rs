//! Taking an account over by changing its address, and keeping it.

use usermgmt_core::flows::{Current, LinkError, UpdateProfile};
use usermgmt_core::mail::{MailKind, Message};

use crate::fixture::*;

const OWN: &str = "ann@example.com";
const FIRST: &str = "eve@evil.example";
const SECOND: &str = "eve@wicked.example";

async fn ask(world: &World, current: &Current, to: &str) -> Vec<Message> {
    let update = UpdateProfile { email: Some(email(to)), ..UpdateProfile::default() };
    world.auth.update_profile(current, &update).await.unwrap();
    world.later(MINUTE);
    world.mail().await
}

fn undo_to(mails: &[Message], mailbox: &str) -> Vec<String> {
    let notices = mails.iter().filter(|mail| {
        matches!(mail.kind, MailKind::EmailChangeRequested | MailKind::EmailChanged)
            && mail.recipient.as_str() == mailbox
    });
    notices.filter(|mail| mail.link.is_some()).map(link_token).collect()
}

async fn undo(world: &World, link: &str) -> Result<(), LinkError> {
    world.auth.undo_email_change(link, &home()).await
}

/// The owner's links still give the account back, and nothing of the thief's
/// takes it away again.
async fn the_owner_wins(world: &World, owners: &[String], thiefs: &[String]) {
    undo(world, owners.last().unwrap()).await.unwrap();
    assert!(world.find(OWN).await.is_some());
    for link in thiefs {
        assert!(undo(world, link).await.is_err());
    }
    assert!(world.find(OWN).await.is_some());
    let mail = world.mail().await;
    let reset = mail.iter().rfind(|mail| mail.kind == MailKind::PasswordReset).unwrap();
    assert_eq!(reset.recipient.as_str(), OWN);
    world.auth.reset_password(&link_token(reset), &typed(THIRD), &home()).await.unwrap();
    assert!(world.signs_in(OWN, THIRD).await);
}

#[tokio::test]
async fn a_thief_who_calls_a_second_change_off_leaves_the_owners_undo() {
    let world = World::unlimited().await;
    let (thief, current) = world.signed_in_member("ann").await;
    let owners = undo_to(&change_email(&world, &current, FIRST).await, OWN);
    world.later(MINUTE);
    let current = world.current(&thief).await;
    let thiefs = undo_to(&ask(&world, &current, SECOND).await, FIRST);
    undo(&world, &thiefs[0]).await.unwrap();
    the_owner_wins(&world, &owners, &thiefs).await;
}

#[tokio::test]
async fn a_thief_who_undoes_a_second_change_leaves_the_owners_undo() {
    let world = World::unlimited().await;
    let (thief, current) = world.signed_in_member("ann").await;
    let owners = undo_to(&change_email(&world, &current, FIRST).await, OWN);
    world.later(MINUTE);
    let current = world.current(&thief).await;
    let thiefs = undo_to(&change_email(&world, &current, SECOND).await, FIRST);
    world.later(MINUTE);
    undo(&world, &thiefs[1]).await.unwrap();
    assert!(world.find(FIRST).await.is_some());
    the_owner_wins(&world, &owners, &thiefs).await;
}

#[tokio::test]
async fn an_owner_who_changed_back_is_not_undone_by_the_thief() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    change_email(&world, &current, FIRST).await;
    world.later(MINUTE);
    let current = world.current(&signed_in).await;
    let thiefs = undo_to(&change_email(&world, &current, OWN).await, FIRST);
    assert!(!thiefs.is_empty());
    for link in thiefs {
        assert!(undo(&world, &link).await.is_err());
    }
    assert!(world.find(OWN).await.is_some());
    world.current(&signed_in).await;
}

#[tokio::test]
async fn a_thief_who_calls_the_change_back_off_leaves_the_owners_undo() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let owners = undo_to(&change_email(&world, &current, FIRST).await, OWN);
    world.later(MINUTE);
    let current = world.current(&signed_in).await;
    let thiefs = undo_to(&ask(&world, &current, OWN).await, FIRST);
    undo(&world, &thiefs[0]).await.unwrap();
    the_owner_wins(&world, &owners, &thiefs).await;
}

#[tokio::test]
async fn another_spelling_of_a_taken_address_tells_the_owner_and_not_who_spells_it() {
    let world = World::unlimited().await;
    world.member("νίκοσ").await;
    let (_, eve) = world.signed_in_member("eve").await;
    let mails = ask(&world, &eve, "νίκος@example.com").await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.kind == MailKind::EmailTaken).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].recipient.as_str(), "νίκοσ@example.com");
}
