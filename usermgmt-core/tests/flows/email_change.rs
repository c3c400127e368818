//! A new address: asked for, confirmed from there, undone from the old one.

use usermgmt_core::flows::{
    Current, LinkError, ProfileError, ReauthenticationError, UpdateProfile,
};
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::model::token::Purpose;

use crate::fixture::*;

const NEW: &str = "ann@new.example";

fn to(address: &str) -> UpdateProfile {
    UpdateProfile { email: Some(email(address)), ..UpdateProfile::default() }
}

/// Asks for a new address; the mails by kind.
async fn ask(world: &World, current: &Current, address: &str) -> Vec<Message> {
    world.auth.update_profile(current, &to(address)).await.unwrap();
    world.mail().await
}

fn of(mails: &[Message], kind: MailKind) -> &Message {
    mails.iter().find(|mail| mail.kind == kind).unwrap_or_else(|| panic!("no mail {kind:?}"))
}

fn undo_link(mails: &[Message], kind: MailKind) -> String {
    link_token(of(mails, kind))
}

#[tokio::test]
async fn a_new_address_takes_effect_once_confirmed_from_there() {
    let world = World::new().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let mails = ask(&world, &current, NEW).await;
    assert_eq!(mails.len(), 2);
    let (there, here) =
        (of(&mails, MailKind::EmailChangeConfirm), of(&mails, MailKind::EmailChangeRequested));
    assert_eq!(there.recipient.as_str(), NEW);
    assert_eq!(here.recipient.as_str(), "ann@example.com");
    let link = there.link.as_ref().unwrap().expose();
    assert!(link.starts_with("https://accounts.example.com/email/confirm?token=umt_"), "{link}");
    let undo = here.link.as_ref().unwrap().expose();
    assert!(undo.starts_with("https://accounts.example.com/email/undo?token=umt_"), "{undo}");
    // Until then nothing has changed.
    assert!(world.find(NEW).await.is_none());
    assert!(world.signs_in("ann@example.com", PASSWORD).await);
    world.auth.confirm_email_change(&link_token(there), &home()).await.unwrap();
    assert_eq!(world.find(NEW).await.unwrap().id, current.user.id);
    assert!(world.find("ann@example.com").await.is_none());
    assert!(world.signs_in(NEW, PASSWORD).await && world.signs_in("ann", PASSWORD).await);
    world.current(&signed_in).await;
    let again = world.auth.confirm_email_change(&link_token(there), &home()).await.unwrap_err();
    assert!(matches!(again, LinkError::Invalid));
    let mail = world.mailed(MailKind::EmailChanged).await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
    assert_eq!(mail.params["new_email"], NEW);
}

#[tokio::test]
async fn the_link_to_the_new_address_lives_a_day() {
    for (after, good) in [(DAY - MILLISECOND, true), (DAY, false)] {
        let world = World::new().await;
        let (_, current) = world.signed_in_member("ann").await;
        let mails = ask(&world, &current, NEW).await;
        let link = link_token(of(&mails, MailKind::EmailChangeConfirm));
        world.later(after);
        let looked = world.auth.inspect_link(&link, &[Purpose::EmailChange], &home()).await;
        let answer = world.auth.confirm_email_change(&link, &home()).await;
        assert_eq!((looked.is_ok(), answer.is_ok()), (good, good));
        if !good {
            assert!(matches!(answer.unwrap_err(), LinkError::Expired));
        }
    }
}

#[tokio::test]
async fn a_disabled_account_neither_confirms_nor_undoes_a_change() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let mails = ask(&world, &current, NEW).await;
    let confirm = link_token(of(&mails, MailKind::EmailChangeConfirm));
    let undo = undo_link(&mails, MailKind::EmailChangeRequested);
    world.disable(&current.user.id).await;
    for (link, purpose) in [(&confirm, Purpose::EmailChange), (&undo, Purpose::EmailUndo)] {
        let looked = world.auth.inspect_link(link, &[purpose], &home()).await;
        assert!(matches!(looked, Err(LinkError::Invalid)));
    }
    let confirmed = world.auth.confirm_email_change(&confirm, &home()).await;
    assert!(matches!(confirmed, Err(LinkError::Invalid)));
    let undone = world.auth.undo_email_change(&undo, &home()).await;
    assert!(matches!(undone, Err(LinkError::Invalid)));
    assert!(world.find(&address("ann")).await.is_some());
}

#[tokio::test]
async fn asking_again_voids_the_link_before() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let first = ask(&world, &current, NEW).await;
    let second = ask(&world, &current, "third@example.com").await;
    let link = link_token(of(&first, MailKind::EmailChangeConfirm));
    let void = world.auth.confirm_email_change(&link, &home()).await.unwrap_err();
    assert!(matches!(void, LinkError::Invalid));
    let link = link_token(of(&second, MailKind::EmailChangeConfirm));
    world.auth.confirm_email_change(&link, &home()).await.unwrap();
}

#[tokio::test]
async fn a_taken_address_has_the_same_outcome_and_only_its_owner_is_told() {
    let world = World::new().await;
    world.member("bob").await;
    let (_, current) = world.signed_in_member("ann").await;
    world.store.take_calls();
    let mails = ask(&world, &current, "BOB@example.com").await;
    let taken = of(&mails, MailKind::EmailTaken);
    assert_eq!(taken.recipient.as_str(), "bob@example.com");
    assert!(taken.link.is_none() && !taken.params.contains_key("username"));
    assert!(mails.iter().all(|mail| mail.kind != MailKind::EmailChangeConfirm));
    let notice = undo_link(&mails, MailKind::EmailChangeRequested);
    world.auth.undo_email_change(&notice, &home()).await.unwrap();
}

#[tokio::test]
async fn a_taken_address_costs_what_a_free_one_does() {
    let world = World::new().await;
    world.member("bob").await;
    let (_, current) = world.signed_in_member("ann").await;
    let mut costs = Vec::new();
    for address in ["bob@example.com", "free@example.com"] {
        world.store.take_calls();
        world.auth.update_profile(&current, &to(address)).await.unwrap();
        costs.push(world.store.take_calls());
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn whoever_registers_the_address_in_between_keeps_it() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let mails = ask(&world, &current, NEW).await;
    world.try_register("bob", NEW, PASSWORD).await.unwrap();
    let link = link_token(of(&mails, MailKind::EmailChangeConfirm));
    let refused = world.auth.confirm_email_change(&link, &home()).await.unwrap_err();
    assert!(matches!(refused, LinkError::Invalid), "{refused:?}");
    assert_eq!(world.find(NEW).await.unwrap().username.as_str(), "bob");
    assert_eq!(world.find("ann@example.com").await.unwrap().id, current.user.id);
}

#[tokio::test]
async fn the_old_address_stays_reserved_for_seven_days() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    change_email(&world, &current, NEW).await;
    world.later(7 * DAY - MILLISECOND);
    // As if it were known.
    world.try_register("bob", "ann@example.com", OTHER).await.unwrap();
    assert!(world.find("bob").await.is_none());
    world.later(MILLISECOND);
    world.try_register("dan", "ann@example.com", OTHER).await.unwrap();
    assert_eq!(world.find("ann@example.com").await.unwrap().username.as_str(), "dan");
}

#[tokio::test]
async fn one_changes_back_to_ones_own_reserved_address() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    change_email(&world, &current, NEW).await;
    let current = world.current(&signed_in).await;
    change_email(&world, &current, "ann@example.com").await;
    assert_eq!(world.find("ann@example.com").await.unwrap().id, current.user.id);
    assert!(world.find(NEW).await.is_none());
    // It is held for good again, and the other one only for a while.
    world.later(8 * DAY);
    world.auth.purge().await.unwrap();
    world.try_register("bob", NEW, OTHER).await.unwrap();
    assert!(world.find(NEW).await.is_some());
    assert!(world.find("ann@example.com").await.is_some());
}

#[tokio::test]
async fn undoing_before_the_effect_calls_the_change_off() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let mails = ask(&world, &current, NEW).await;
    let undo = undo_link(&mails, MailKind::EmailChangeRequested);
    world.auth.inspect_link(&undo, &[Purpose::EmailUndo], &home()).await.unwrap();
    world.auth.undo_email_change(&undo, &home()).await.unwrap();
    let link = link_token(of(&mails, MailKind::EmailChangeConfirm));
    let void = world.auth.confirm_email_change(&link, &home()).await.unwrap_err();
    assert!(matches!(void, LinkError::Invalid));
    assert!(world.auth.current(signed_in.tokens.access_token.expose()).await.is_err());
    let reset = world.mailed(MailKind::PasswordReset).await;
    assert_eq!(reset.recipient.as_str(), "ann@example.com");
    let again = world.auth.undo_email_change(&undo, &home()).await.unwrap_err();
    assert!(matches!(again, LinkError::Invalid));
}

#[tokio::test]
async fn undoing_voids_the_recovery_codes_that_whoever_changed_it_may_have_made() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    let app = world.auth.enrol_totp(&current, None, None).await.unwrap();
    world.auth.confirm_totp(&current, &totp_code(&app, world.now())).await.unwrap();
    world.later(2 * DAY);
    world.mail().await;
    let current = world.again(&current).await;
    let update = UpdateProfile { current_password: Some(typed(PASSWORD)), ..to(NEW) };
    world.auth.update_profile(&current, &update).await.unwrap();
    let undo = undo_link(&world.mail().await, MailKind::EmailChangeRequested);
    world.auth.undo_email_change(&undo, &home()).await.unwrap();
    let id = &current.user.id;
    assert_eq!(world.auth.recovery_codes_left(id).await.unwrap(), 0);
    // The app is from long before.
    assert!(world.auth.mfa_status(id).await.unwrap().enabled);
}

#[tokio::test]
async fn undoing_after_the_effect_gives_the_owner_everything_back() {
    for kind in [MailKind::EmailChangeRequested, MailKind::EmailChanged] {
        let world = World::unlimited().await;
        let (thief, current) = world.signed_in_member("ann").await;
        world.auth.forgot_password("ann", &home()).await.unwrap();
        let mails = change_email(&world, &current, NEW).await;
        world.later(6 * DAY);
        // Meanwhile the thief prepares to stay.
        world.auth.forgot_password(NEW, &home()).await.unwrap();
        let link = link_token(&world.mailed(MailKind::PasswordReset).await);
        world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
        world.mail().await;
        world.auth.forgot_password(NEW, &home()).await.unwrap();
        let thiefs_reset = link_token(&world.mailed(MailKind::PasswordReset).await);
        world.auth.undo_email_change(&undo_link(&mails, kind), &home()).await.unwrap();
        assert_eq!(world.find("ann@example.com").await.unwrap().id, current.user.id);
        assert!(world.find(NEW).await.is_none());
        assert!(world.auth.current(thief.tokens.access_token.expose()).await.is_err());
        let refresh = thief.tokens.refresh_token.expose();
        assert!(world.auth.refresh(refresh, &home()).await.is_err());
        let reset = world.auth.reset_password(&thiefs_reset, &typed(OTHER), &home()).await;
        assert!(reset.is_err());
        assert!(!world.signs_in("ann", OTHER).await, "the thief's password is gone");
        // Neither of the two undo links does anything more.
        for kind in [MailKind::EmailChangeRequested, MailKind::EmailChanged] {
            let undo = undo_link(&mails, kind);
            assert!(world.auth.undo_email_change(&undo, &home()).await.is_err());
        }
        let mail = world.mailed(MailKind::PasswordReset).await;
        assert_eq!(mail.recipient.as_str(), "ann@example.com");
        world.auth.reset_password(&link_token(&mail), &typed(THIRD), &home()).await.unwrap();
        assert!(world.signs_in("ann@example.com", THIRD).await);
        // Both addresses are as they were.
        world.try_register("bob", NEW, OTHER).await.unwrap();
        assert!(world.find(NEW).await.is_some());
        world.later(30 * DAY);
        assert!(world.find("ann@example.com").await.is_some());
    }
}

#[tokio::test]
async fn the_first_owner_undoes_a_chain_of_changes() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let first = change_email(&world, &current, NEW).await;
    let current = world.current(&signed_in).await;
    let second = change_email(&world, &current, "eve@evil.example").await;
    let undo = undo_link(&first, MailKind::EmailChanged);
    world.auth.undo_email_change(&undo, &home()).await.unwrap();
    assert_eq!(world.find("ann@example.com").await.unwrap().id, current.user.id);
    let thiefs = undo_link(&second, MailKind::EmailChanged);
    assert!(world.auth.undo_email_change(&thiefs, &home()).await.is_err());
}

#[tokio::test]
async fn an_undo_link_lives_seven_days_from_its_mail() {
    for (after, good) in [(7 * DAY - MILLISECOND, true), (7 * DAY, false)] {
        let world = World::unlimited().await;
        let (_, current) = world.signed_in_member("ann").await;
        let mails = change_email(&world, &current, NEW).await;
        world.later(after);
        let undo = undo_link(&mails, MailKind::EmailChanged);
        let answer = world.auth.undo_email_change(&undo, &home()).await;
        assert_eq!(answer.is_ok(), good, "{answer:?}");
        if let Err(error) = answer {
            assert!(matches!(error, LinkError::Expired));
        }
    }
}

#[tokio::test]
async fn a_new_address_needs_a_recent_sign_in_or_the_password() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    world.later(14 * MINUTE);
    let tokens =
        world.auth.refresh(signed_in.tokens.refresh_token.expose(), &home()).await.unwrap();
    world.later(MINUTE);
    ask(&world, &current, NEW).await;
    world.later(MILLISECOND);
    // A refresh is no sign-in.
    let current = world.auth.current(tokens.access_token.expose()).await.unwrap();
    let refused = world.auth.update_profile(&current, &to(NEW)).await.unwrap_err();
    assert!(matches!(refused, ProfileError::Reauthentication(ReauthenticationError::Required(_))));
    let mut with_password = to(NEW);
    with_password.current_password = Some(typed(OTHER));
    let wrong = world.auth.update_profile(&current, &with_password).await.unwrap_err();
    assert!(matches!(wrong, ProfileError::Reauthentication(ReauthenticationError::WrongPassword)));
    with_password.current_password = Some(typed(PASSWORD));
    world.auth.update_profile(&current, &with_password).await.unwrap();
}

#[tokio::test]
async fn the_old_service_asked_for_neither() {
    let world = World::with(|config| config.compat.no_reauthentication = true).await;
    let (_, current) = world.signed_in_member("ann").await;
    world.later(HOUR);
    ask(&world, &current, NEW).await;
}

#[tokio::test]
async fn the_case_of_ones_address_changes_at_once() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.later(HOUR);
    world.auth.update_profile(&current, &to("Ann@Example.com")).await.unwrap();
    let user = world.find("ann@example.com").await.unwrap();
    assert_eq!((user.id, user.email.as_str()), (current.user.id, "Ann@Example.com"));
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn a_spelling_that_may_be_another_mailbox_is_confirmed_from_there() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("νίκοσ").await;
    let mails = ask(&world, &current, "νίκος@example.com").await;
    assert_eq!(world.find("νίκοσ").await.unwrap().email, current.user.email);
    let link = link_token(of(&mails, MailKind::EmailChangeConfirm));
    world.auth.confirm_email_change(&link, &home()).await.unwrap();
    let changed = world.mail().await;
    assert_eq!(world.find("νίκοσ").await.unwrap().email.as_str(), "νίκος@example.com");
    world.later(6 * DAY);
    let undo = undo_link(&changed, MailKind::EmailChanged);
    world.auth.undo_email_change(&undo, &home()).await.unwrap();
    assert_eq!(world.find("νίκοσ").await.unwrap().email, current.user.email);
    world.later(30 * DAY);
    world.auth.purge().await.unwrap();
    world.try_register("eve", "νίκοσ@example.com", OTHER).await.unwrap();
    assert!(world.find("eve").await.is_none());
}

#[tokio::test]
async fn nobody_is_mailed_without_end_through_a_change_of_address() {
    let world = World::with(|config| config.limits.mail_identifier.max = 3).await;
    let (_, current) = world.signed_in_member("ann").await;
    for n in 0..3 {
        ask(&world, &current, &format!("victim{n}@example.com")).await;
    }
    let refused = world.auth.update_profile(&current, &to(NEW)).await.unwrap_err();
    assert!(matches!(refused, ProfileError::Service(service_error) if is_limited(&service_error)));
}

#[tokio::test]
async fn undoing_takes_back_a_password_that_was_set_since_and_no_other() {
    for (since, entries) in [(false, 0), (true, 0), (true, 250)] {
        let world = World::unlimited().await;
        let (signed_in, current) = world.signed_in_member("ann").await;
        world.auth.change_password(&current, &typed(PASSWORD), &typed(THIRD)).await.unwrap();
        world.later(MILLISECOND);
        world.mail().await;
        let current = world.current(&signed_in).await;
        let undo = undo_link(&ask(&world, &current, NEW).await, MailKind::EmailChangeRequested);
        for n in 0..entries {
            let update = UpdateProfile {
                username: Some(username(&format!("ann{n}"))),
                ..UpdateProfile::default()
            };
            world.auth.update_profile(&world.again(&current).await, &update).await.unwrap();
        }
        if since {
            let current = world.current(&signed_in).await;
            world.auth.change_password(&current, &typed(THIRD), &typed(OTHER)).await.unwrap();
        }
        world.auth.undo_email_change(&undo, &home()).await.unwrap();
        let password = if since { OTHER } else { THIRD };
        let signs_in = world.signs_in(&address("ann"), password).await;
        assert_eq!(signs_in, !since, "{since} {entries}");
    }
}
