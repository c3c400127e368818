//! Signing in by a mailed code or link.

use std::sync::{Arc, Mutex};

use usermgmt_core::event::{Event, EventKind};
use usermgmt_core::flows::{MailSignInError, MailSignInRequestError, SignInOutcome};
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::store::MemoryStore;
use usermgmt_core::testkit::{FaultyStore, MockClock};

use crate::fixture::*;

const ANN: &str = "ann@example.com";
const NEW: &str = "new@example.com";

/// A world in which mail signs in.
async fn world() -> World {
    World::with(|config| config.sign_in.email = true).await
}

/// And makes an account for who has none.
async fn registering() -> World {
    World::with(|config| {
        config.sign_in.email = true;
        config.sign_in.email_registers = true;
    })
    .await
}

/// What was answered, and the mail.
async fn ask(world: &World, email: &str) -> (String, Message) {
    let request = world.auth.mail_sign_in(email, &home()).await.unwrap();
    (request.expose().clone(), world.mailed(MailKind::EmailSignIn).await)
}

async fn enter(
    world: &World,
    email: &str,
    mail: &Message,
    request: &str,
) -> Result<SignInOutcome, MailSignInError> {
    world.auth.sign_in_by_code(email, &code(mail), request, &home()).await
}

#[tokio::test]
async fn the_code_signs_in_where_it_was_asked_for() {
    let world = world().await;
    let ann = world.member("ann").await;
    let (request, mail) = ask(&world, "Ann@Example.com ").await;
    assert_eq!((mail.recipient.as_str(), mail.valid_minutes), (ANN, Some(10)));
    let signed_in = signed_in(enter(&world, " ANN@example.com", &mail, &request).await.unwrap());
    assert_eq!(signed_in.session.amr, ["email"]);
    assert_eq!(world.current(&signed_in).await.user.id, ann.id);
    // The password stands.
    world.sign_in("ann").await;
}

#[tokio::test]
async fn the_link_signs_in_anywhere_and_says_before_whom() {
    let world = world().await;
    world.member("ann").await;
    let (_, mail) = ask(&world, ANN).await;
    let link = link_token(&mail);
    assert!(mail.link.as_ref().unwrap().expose().contains("/sign-in/email?token="));
    for _ in 0..3 {
        let seen = world.auth.inspect_mail_sign_in(&link, &client(9)).await.unwrap();
        assert_eq!(seen.user.unwrap().username.as_str(), "ann");
        assert_eq!(seen.email.as_str(), ANN);
    }
    let ann = signed_in(world.auth.sign_in_by_link(&link, &client(9)).await.unwrap()).user;
    assert_eq!(ann.username.as_str(), "ann");
}

#[tokio::test]
async fn code_and_link_are_one_and_used_once() {
    let world = world().await;
    world.member("ann").await;
    for by_link in [true, false] {
        let (request, mail) = ask(&world, ANN).await;
        if by_link {
            world.auth.sign_in_by_link(&link_token(&mail), &home()).await.unwrap();
        } else {
            enter(&world, ANN, &mail, &request).await.unwrap();
        }
        let code = enter(&world, ANN, &mail, &request).await.unwrap_err();
        assert!(matches!(code, MailSignInError::InvalidCode));
        let link = world.auth.sign_in_by_link(&link_token(&mail), &home()).await.unwrap_err();
        assert!(matches!(link, MailSignInError::InvalidToken));
    }
}

#[tokio::test]
async fn code_and_link_are_good_for_ten_minutes() {
    for (after, good) in [(10 * MINUTE - MILLISECOND, true), (10 * MINUTE, false)] {
        for by_link in [true, false] {
            let world = world().await;
            world.member("ann").await;
            let (request, mail) = ask(&world, ANN).await;
            world.later(after);
            let answer = if by_link {
                world.auth.sign_in_by_link(&link_token(&mail), &home()).await
            } else {
                enter(&world, ANN, &mail, &request).await
            };
            assert_eq!(answer.is_ok(), good);
        }
    }
}

#[tokio::test]
async fn each_request_has_a_code_of_its_own_and_the_first_used_ends_them_all() {
    let world = world().await;
    world.member("ann").await;
    let (one, first) = ask(&world, ANN).await;
    let (two, second) = ask(&world, ANN).await;
    // In the other tab.
    assert!(enter(&world, ANN, &second, &one).await.is_err());
    assert!(enter(&world, ANN, &first, &two).await.is_err());
    enter(&world, ANN, &first, &one).await.unwrap();
    assert!(enter(&world, ANN, &second, &two).await.is_err());
    assert!(world.auth.sign_in_by_link(&link_token(&second), &home()).await.is_err());
}

#[tokio::test]
async fn the_second_factor_is_asked_for_after_the_mail() {
    let world = world().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    for recovery in [false, true] {
        world.mail().await;
        world.later(MINUTE);
        let (request, mail) = ask(&world, ANN).await;
        let outcome = enter(&world, ANN, &mail, &request).await.unwrap();
        let SignInOutcome::MfaRequired { ticket, methods } = outcome else {
            panic!("signed in without the second factor");
        };
        assert_eq!(methods, ["totp", "recovery_code"]);
        // The mail is used up, and nothing but the ticket came of it.
        assert!(enter(&world, ANN, &mail, &request).await.is_err());
        let (code, amr) = if recovery {
            (factor.codes[0].clone(), vec!["email", "mfa"])
        } else {
            (totp_code(&factor.enrolment, world.now()), vec!["email", "otp", "mfa"])
        };
        let ticket = typed(ticket.expose());
        let signed_in = world.auth.sign_in_mfa(&ticket, &code, &home()).await.unwrap();
        assert_eq!(signed_in.session.amr, amr);
    }
}

#[tokio::test]
async fn an_unconfirmed_address_is_confirmed_and_its_password_dropped() {
    for by_link in [true, false] {
        let world = world().await;
        world.register("ann").await;
        world.mail().await;
        let (request, mail) = ask(&world, ANN).await;
        let outcome = if by_link {
            world.auth.sign_in_by_link(&link_token(&mail), &home()).await
        } else {
            enter(&world, ANN, &mail, &request).await
        };
        let ann = signed_in(outcome.unwrap()).user;
        assert_eq!(ann, world.find(ANN).await.unwrap());
        assert!(ann.is_active() && ann.unconfirmed_until.is_none());
        assert!(!world.signs_in(ANN, PASSWORD).await);
        assert_eq!(
            world.audited(&ann.id).await,
            [
                "session.opened",
                "sign_in.mail_requested",
                "user.confirmed_by_sign_in",
                "user.registered"
            ]
        );
        world.later(400 * DAY);
        world.auth.purge().await.unwrap();
        assert!(world.find(ANN).await.is_some());
        // Whoever has the mailbox sets a password as ever.
        world.auth.forgot_password(ANN, &home()).await.unwrap();
        let link = link_token(&world.mailed(MailKind::PasswordReset).await);
        world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
        assert!(world.signs_in("ann", OTHER).await);
    }
}

#[tokio::test]
async fn an_unknown_address_gets_nothing_where_mail_does_not_register() {
    let world = world().await;
    world.auth.mail_sign_in(NEW, &home()).await.unwrap();
    assert!(world.mail().await.is_empty());
    assert_eq!(world.users().await, 0);
}

#[tokio::test]
async fn an_unknown_address_gets_an_account_where_mail_registers() {
    for by_link in [true, false] {
        let world = registering().await;
        let german = usermgmt_core::Client { locale: Some("de".to_owned()), ..home() };
        let request = world.auth.mail_sign_in("New@example.com", &german).await.unwrap();
        let mail = world.mailed(MailKind::EmailSignIn).await;
        assert_eq!(mail.locale.as_deref(), Some("de"));
        // Nothing is made before it is used.
        assert_eq!(world.users().await, 0);
        let outcome = if by_link {
            let link = link_token(&mail);
            let seen = world.auth.inspect_mail_sign_in(&link, &german).await.unwrap();
            assert!(seen.user.is_none() && seen.email.as_str() == "New@example.com");
            world.auth.sign_in_by_link(&link, &german).await
        } else {
            world.auth.sign_in_by_code(NEW, &code(&mail), request.expose(), &german).await
        };
        let user = signed_in(outcome.unwrap()).user;
        assert_eq!(world.find(NEW).await.unwrap(), user);
        assert!(user.is_active() && user.locale.as_deref() == Some("de"));
        // The name is public, and says nothing of the address.
        assert!(user.username.as_str().starts_with("user-"));
        assert!(world.account(&user.id).await.password.is_none());
        // The next time it is an account like any other.
        let (request, mail) = ask(&world, NEW).await;
        let again = signed_in(enter(&world, NEW, &mail, request.as_str()).await.unwrap());
        assert_eq!(again.user.id, user.id);
        assert_eq!(world.users().await, 1);
    }
}

#[tokio::test]
async fn a_first_sign_in_tells_that_somebody_registered_confirmed_and_signed_in() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let mut config = config();
    config.sign_in.email = true;
    config.sign_in.email_registers = true;
    let store = FaultyStore::new(Arc::new(MemoryStore::new()));
    let world = World::extended(store, MockClock::default(), config, SECRET, |builder| {
        builder.events(move |event: &Event| sink.lock().unwrap().push(event.kind.clone()))
    })
    .await;
    let (request, mail) = ask(&world, NEW).await;
    let session = signed_in(enter(&world, NEW, &mail, &request).await.unwrap()).session.id;
    let methods = vec!["email".to_owned()];
    let kinds = std::mem::take(&mut *told.lock().unwrap());
    for kind in
        [EventKind::Registered, EventKind::Confirmed, EventKind::SignedIn { session, methods }]
    {
        assert_eq!(kinds.iter().filter(|told| **told == kind).count(), 1, "{kinds:?}");
    }
}

#[tokio::test]
async fn an_address_that_is_registered_meanwhile_is_the_mailboxs_owners() {
    let world = registering().await;
    let (request, mail) = ask(&world, NEW).await;
    world.try_register("stranger", NEW, OTHER).await.unwrap();
    let user = signed_in(enter(&world, NEW, &mail, &request).await.unwrap()).user;
    assert_eq!((user.username.as_str(), world.users().await), ("stranger", 1));
    assert!(!world.signs_in(NEW, OTHER).await);
}

#[tokio::test]
async fn an_address_that_is_reserved_for_its_old_owner_gets_no_account() {
    let world = registering().await;
    let (_, current) = world.signed_in_member("ann").await;
    change_email(&world, &current, "ann@new.example").await;
    world.auth.mail_sign_in(ANN, &home()).await.unwrap();
    assert!(world.mail().await.is_empty());
    assert_eq!(world.users().await, 1);
}

#[tokio::test]
async fn asking_is_answered_and_costs_the_same_for_everybody() {
    for (world, registers) in [(world().await, false), (registering().await, true)] {
        world.member("ann").await;
        world.register("bob").await;
        let dan = world.member("dan").await;
        world.disable(&dan.id).await;
        world.mail().await;
        let mut costs = Vec::new();
        for name in ["nobody", "ann", "bob", "dan"] {
            world.store.take_calls();
            let request = world.auth.mail_sign_in(&address(name), &home()).await.unwrap();
            costs.push(world.store.take_calls());
            assert_eq!(request.expose().len(), 74);
            // So does a wrong code.
            world.store.take_calls();
            let wrong = typed("00000000");
            let answer =
                world.auth.sign_in_by_code(&address(name), &wrong, request.expose(), &home()).await;
            assert!(matches!(answer.unwrap_err(), MailSignInError::InvalidCode));
            costs.push(world.store.take_calls());
        }
        for cost in costs.chunks(2) {
            assert_eq!(cost, &costs[..2], "{costs:#?}");
        }
        let kind = MailKind::EmailSignIn;
        let mut mailed = vec![(kind, address("ann")), (kind, address("bob"))];
        if registers {
            mailed.push((kind, address("nobody")));
        }
        assert_eq!(world.mailed_kinds().await, mailed);
    }
}

#[tokio::test]
async fn a_username_is_no_address_to_be_mailed() {
    let world = registering().await;
    world.member("ann").await;
    for typed in ["ann", "nobody", "", "not an @ddress"] {
        world.auth.mail_sign_in(typed, &home()).await.unwrap();
    }
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn what_was_mailed_is_over_with_a_new_password_and_with_signing_out_everywhere() {
    for reset in [true, false] {
        let world = world().await;
        let ann = world.member("ann").await;
        let (request, mail) = ask(&world, ANN).await;
        if reset {
            world.auth.forgot_password(ANN, &home()).await.unwrap();
            let link = link_token(&world.mailed(MailKind::PasswordReset).await);
            world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
        } else {
            world.auth.sign_out_all(&ann.id, &home()).await.unwrap();
        }
        assert!(enter(&world, ANN, &mail, &request).await.is_err());
        assert!(world.auth.sign_in_by_link(&link_token(&mail), &home()).await.is_err());
    }
}

#[tokio::test]
async fn what_was_mailed_to_an_old_address_is_over_with_the_change() {
    let world = world().await;
    let (_, current) = world.signed_in_member("ann").await;
    let (request, mail) = ask(&world, ANN).await;
    change_email(&world, &current, "ann@new.example").await;
    assert!(enter(&world, ANN, &mail, &request).await.is_err());
    assert!(enter(&world, "ann@new.example", &mail, &request).await.is_err());
    assert!(world.auth.sign_in_by_link(&link_token(&mail), &home()).await.is_err());
}

#[tokio::test]
async fn off_it_is_off_for_what_was_mailed_before_too() {
    let world = world().await;
    world.member("ann").await;
    let (request, mail) = ask(&world, ANN).await;
    let off = World::over(world.store.clone(), world.clock.clone(), config(), SECRET).await;
    let asked = off.auth.mail_sign_in(ANN, &home()).await.unwrap_err();
    assert!(matches!(asked, MailSignInRequestError::Off));
    let code = enter(&off, ANN, &mail, &request).await.unwrap_err();
    assert!(matches!(code, MailSignInError::Off));
    let link = off.auth.sign_in_by_link(&link_token(&mail), &home()).await.unwrap_err();
    assert!(matches!(link, MailSignInError::Off));
}

#[tokio::test]
async fn registering_by_mail_needs_signing_in_by_mail() {
    let mut config = config();
    config.sign_in.email_registers = true;
    let error = config.validate().unwrap_err();
    assert_eq!(error.setting, "sign_in.email_registers");
}

#[tokio::test]
async fn a_sign_in_whose_answer_was_lost_is_asked_for_again() {
    let world = registering().await;
    for _ in 0..2 {
        let (request, mail) = ask(&world, NEW).await;
        world.store.lose_next_replies(1);
        let lost = enter(&world, NEW, &mail, &request).await.unwrap_err();
        assert!(is_unavailable(&lost), "{lost:?}");
        world.store.heal();
        // It was used: there is a session that nobody has the tokens of.
        let again = enter(&world, NEW, &mail, &request).await.unwrap_err();
        assert!(matches!(again, MailSignInError::InvalidCode));
    }
    assert_eq!(world.users().await, 1);
}
