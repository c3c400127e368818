//! Registering: what is answered, what is kept, what is mailed.

use usermgmt_core::Client;
use usermgmt_core::flows::{CreateUser, RegisterError};
use usermgmt_core::mail::MailKind;
use usermgmt_core::password::PasswordProblem;
use usermgmt_core::testkit::Calls;

use crate::fixture::*;

#[tokio::test]
async fn a_fresh_registration_is_unconfirmed_and_mails_link_code_and_not_me() {
    let world = World::new().await;
    world.register("ann").await;
    let user = world.find("ann").await.unwrap();
    assert!(!user.is_active());
    assert_eq!(user.unconfirmed_until, Some(world.now() + 7 * DAY));
    let mail = world.mailed(MailKind::Confirmation).await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
    assert_eq!(mail.params["username"], "ann");
    assert_eq!(mail.valid_minutes, Some(24 * 60));
    let link = mail.link.as_ref().unwrap().expose();
    assert!(link.starts_with("https://accounts.example.com/confirm-email/umt_"), "{link}");
    let not_me = mail.not_me_link.as_ref().unwrap().expose();
    assert!(not_me.starts_with("https://accounts.example.com/not-me?token=umt_"), "{not_me}");
    assert_eq!(code(&mail).expose().len(), 8);
    assert_eq!(world.audited(&user.id).await, ["user.registered"]);
}

#[tokio::test]
async fn what_a_person_says_about_themselves_is_kept() {
    let world = World::new().await;
    let mut command = registration("ann", "Ann@Example.com", PASSWORD);
    command.profile.first_name = text("Ann");
    command.profile.last_name = text("Otter");
    command.profile.gender = text("Female");
    let mut client = home();
    client.locale = Some("pl".to_owned());
    world.auth.register(&command, &client).await.unwrap();
    let user = world.find("ann@example.com").await.unwrap();
    assert_eq!(user.email.as_str(), "Ann@Example.com");
    assert_eq!(user.first_name.as_deref(), Some("Ann"));
    assert_eq!(user.last_name.as_deref(), Some("Otter"));
    assert_eq!(user.gender.as_deref(), Some("Female"));
    assert_eq!(user.locale.as_deref(), Some("pl"));
    assert_eq!(world.mailed(MailKind::Confirmation).await.locale.as_deref(), Some("pl"));
}

#[tokio::test]
async fn a_password_that_is_refused_registers_nobody() {
    let world = World::new().await;
    let easy = world.try_register("ann", "ann@example.com", "password").await.unwrap_err();
    assert!(matches!(easy, RegisterError::Password(_)), "{easy:?}");
    assert_eq!(world.users().await, 0);
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn a_taken_username_is_refused_in_any_spelling_whatever_the_address() {
    let world = World::new().await;
    world.member("ann").await;
    for name in ["ann", "ANN", "ａｎｎ"] {
        for email in ["ann@example.com", "new@example.com"] {
            let refused = world.try_register(name, email, PASSWORD).await.unwrap_err();
            assert!(matches!(refused, RegisterError::UsernameTaken), "{name} {email}");
        }
    }
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn registering_a_confirmed_address_tells_only_its_owner() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    world.try_register("eve", "ANN@example.com", OTHER).await.unwrap();
    assert_eq!(world.users().await, 1);
    assert_eq!(world.find("eve").await, None);
    let mail = world.mailed(MailKind::AlreadyRegistered).await;
    assert_eq!(mail.recipient, ann.email);
    assert_eq!(mail.params["username"], "ann");
    assert!(mail.link.is_none() && mail.code.is_none() && mail.not_me_link.is_none());
    assert!(world.signs_in("ann", PASSWORD).await);
}

#[tokio::test]
async fn the_mail_about_a_second_registration_goes_to_the_mailbox_that_was_confirmed() {
    let world = World::new().await;
    world.member("νίκοσ").await;
    // The same address to us, another mailbox to the mail server.
    world.try_register("eve", "νίκος@example.com", OTHER).await.unwrap();
    let mail = world.mailed(MailKind::AlreadyRegistered).await;
    assert_eq!(mail.recipient.as_str(), "νίκοσ@example.com");
}

#[tokio::test]
async fn the_same_password_again_lets_the_first_registration_stand() {
    let world = World::new().await;
    world.register("ann").await;
    let first = world.mailed(MailKind::Confirmation).await;
    world.try_register("ann2", "Ann@example.com", PASSWORD).await.unwrap();
    let second = world.mailed(MailKind::Confirmation).await;
    assert_eq!(world.users().await, 1);
    assert_eq!(link_token(&first), link_token(&second));
    assert_ne!(code(&first), code(&second));
    let ann = world.auth.confirm(&link_token(&second), &home()).await.unwrap();
    assert_eq!(ann.username.as_str(), "ann");
    assert!(world.signs_in("ann@example.com", PASSWORD).await);
}

#[tokio::test]
async fn another_password_leaves_none_and_mails_a_link_to_choose_one() {
    let world = World::new().await;
    world.register("ann").await;
    world.mail().await;
    let ann = world.find("ann").await.unwrap();
    world.try_register("ann2", "ann@example.com", OTHER).await.unwrap();
    assert_eq!(world.account(&ann.id).await.password, None);
    let mail = world.mailed(MailKind::ChoosePassword).await;
    assert!(mail.code.is_none());
    assert!(mail.not_me_link.is_some());
    world.auth.reset_password(&link_token(&mail), &typed(THIRD), &home()).await.unwrap();
    assert!(!world.signs_in("ann", PASSWORD).await);
    assert!(!world.signs_in("ann", OTHER).await);
    assert!(world.signs_in("ann", THIRD).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_racing_registrations_of_one_address_make_one_account() {
    for same_password in [true, false] {
        let world = std::sync::Arc::new(World::unlimited().await);
        let mut racing = tokio::task::JoinSet::new();
        for n in 0..16_u32 {
            let world = std::sync::Arc::clone(&world);
            let email: String = "annotter"
                .chars()
                .enumerate()
                .map(|(i, c)| if n >> (i % 4) & 1 == 1 { c.to_ascii_uppercase() } else { c })
                .collect();
            let password = if same_password { PASSWORD.to_owned() } else { format!("{OTHER} {n}") };
            racing.spawn(async move {
                world.try_register(&format!("name{n}"), &address(&email), &password).await
            });
        }
        while let Some(answer) = racing.join_next().await {
            answer.unwrap().unwrap();
        }
        assert_eq!(world.users().await, 1);
        let user = world.find("annotter@example.com").await.unwrap();
        assert_eq!(world.account(&user.id).await.password.is_some(), same_password);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_racing_registrations_of_one_name_have_one_winner() {
    let world = std::sync::Arc::new(World::unlimited().await);
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..16 {
        let world = std::sync::Arc::clone(&world);
        racing.spawn(async move {
            world.try_register("ann", &address(&format!("mail{n}")), PASSWORD).await
        });
    }
    let mut won = 0;
    while let Some(answer) = racing.join_next().await {
        match answer.unwrap() {
            Ok(()) => won += 1,
            Err(RegisterError::UsernameTaken) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won, world.users().await), (1, 1));
}

/// What a stranger sees who registers a fresh name with an address, and then the
/// same name with another address, at once and at both sides of the name's end.
async fn probe(world: &World, email: &str) -> Vec<String> {
    let began = world.now();
    let mut seen = Vec::new();
    seen.push(format!("{:?}", world.try_register("probe", email, OTHER).await));
    let ttl = world.auth.config().unconfirmed_ttl;
    for after in [std::time::Duration::ZERO, DAY, ttl - MILLISECOND] {
        world.clock.set(began + after);
        let again = world.try_register("PROBE", "stranger@example.com", OTHER).await;
        seen.push(format!("{again:?}"));
    }
    world.clock.set(began + ttl);
    seen.push(format!("{:?}", world.try_register("probe", "third@example.com", OTHER).await));
    seen
}

#[tokio::test]
async fn a_registered_name_does_not_tell_whether_its_address_was_known() {
    let mut answers = Vec::new();
    for known in ["nobody", "confirmed", "unconfirmed same", "unconfirmed other", "reserved"] {
        let world = World::unlimited().await;
        prepare(&world, known).await;
        answers.push(probe(&world, "ann@example.com").await);
    }
    assert_eq!(answers[0][0], "Ok(())");
    assert_eq!(answers[0][1], "Err(UsernameTaken)");
    assert_eq!(answers[0][4], "Ok(())");
    for other in &answers[1..] {
        assert_eq!(other, &answers[0]);
    }
}

/// Makes `ann@example.com` an address of that kind.
async fn prepare(world: &World, known: &str) {
    match known {
        "confirmed" => {
            world.member("ann").await;
        }
        "unconfirmed same" => world.try_register("ann", "ann@example.com", OTHER).await.unwrap(),
        "unconfirmed other" => world.register("ann").await,
        "disabled" => {
            let ann = world.member("ann").await;
            world.disable(&ann.id).await;
        }
        "reserved" => {
            let (_, current) = world.signed_in_member("ann").await;
            crate::fixture::change_email(world, &current, "ann@new.example").await;
        }
        _ => {}
    }
    world.mail().await;
}

#[tokio::test]
async fn registering_asks_the_store_as_much_whether_or_not_the_address_is_known() {
    let mut costs: Vec<(&str, Calls)> = Vec::new();
    for known in
        ["nobody", "confirmed", "unconfirmed same", "unconfirmed other", "disabled", "reserved"]
    {
        let world = World::new().await;
        prepare(&world, known).await;
        world.store.take_calls();
        world.try_register("probe", "ann@example.com", OTHER).await.unwrap();
        costs.push((known, world.store.take_calls()));
    }
    for (known, cost) in &costs[1..] {
        assert_eq!(cost, &costs[0].1, "{known}");
    }
}

#[tokio::test]
async fn the_old_answer_tells_who_has_an_account() {
    let world = World::with(|config| config.compat.reveal_existing_accounts = true).await;
    world.register("ann").await;
    let unconfirmed = world.try_register("eve", "ann@example.com", OTHER).await.unwrap_err();
    assert!(matches!(unconfirmed, RegisterError::EmailTaken));
    world.member("bob").await;
    let confirmed = world.try_register("eve", "BOB@example.com", OTHER).await.unwrap_err();
    assert!(matches!(confirmed, RegisterError::EmailTaken));
    // The name is reported first, and was not claimed.
    let name = world.try_register("bob", "bob@example.com", OTHER).await.unwrap_err();
    assert!(matches!(name, RegisterError::UsernameTaken));
    world.try_register("eve", "eve@example.com", OTHER).await.unwrap();
}

#[tokio::test]
async fn nobody_fills_a_mailbox_by_registering_its_address() {
    let world = World::with(|config| config.limits.mail_identifier.max = 3).await;
    let mut mails = Vec::new();
    for n in 0..9 {
        world.try_register(&format!("name{n}"), "ann@example.com", PASSWORD).await.unwrap();
        mails.extend(world.mail().await);
    }
    assert_eq!(mails.len(), 3);
    // What was mailed last stays good.
    world.auth.confirm_by_code("ann@example.com", &code(&mails[2]), &home()).await.unwrap();
}

#[tokio::test]
async fn nobody_uses_up_the_mails_of_an_address_by_registrations_that_mail_nothing() {
    let world = World::with(|config| config.limits.mail_identifier.max = 3).await;
    world.member("taken").await;
    world.mail().await;
    let refuse = async || {
        for _ in 0..9 {
            let refused = world.try_register("taken", "ann@example.com", PASSWORD).await;
            assert!(matches!(refused, Err(RegisterError::UsernameTaken)), "{refused:?}");
        }
    };
    refuse().await;
    world.try_register("ann", "ann@example.com", PASSWORD).await.unwrap();
    let mail = world.mailed(MailKind::Confirmation).await;
    // As often as it is removed, too.
    world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap();
    for n in 0..5 {
        world.try_register(&format!("ann{n}"), "ann@example.com", PASSWORD).await.unwrap();
        let mail = world.mailed(MailKind::Confirmation).await;
        world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap();
    }
}

#[tokio::test]
async fn a_contested_registration_leaves_a_link_in_the_mailbox_beyond_the_limit_too() {
    let world = World::with(|config| config.limits.mail_identifier.max = 1).await;
    world.try_register("eve", "ann@example.com", OTHER).await.unwrap();
    world.mail().await;
    world.try_register("ann", "ann@example.com", PASSWORD).await.unwrap();
    let link = link_token(&world.mailed(MailKind::ChoosePassword).await);
    world.try_register("ann2", "ann@example.com", PASSWORD).await.unwrap();
    assert!(world.mail().await.is_empty(), "the link is there already");
    world.auth.reset_password(&link, &typed(THIRD), &home()).await.unwrap();
    assert!(world.signs_in("ann@example.com", THIRD).await);
}

#[tokio::test]
async fn a_password_known_from_a_breach_is_refused() {
    let world = World::with(|config| config.password_policy.breaches = stolen(PASSWORD)).await;
    let refused = world.try_register("ann", "ann@example.com", PASSWORD).await.unwrap_err();
    assert!(matches!(refused, RegisterError::Password(PasswordProblem::Breached)), "{refused:?}");
    world.try_register("ann", "ann@example.com", OTHER).await.unwrap();
}

#[tokio::test]
async fn too_many_registrations_from_one_client_are_refused_for_an_hour() {
    let world = World::with(|config| config.limits.register_client.max = 3).await;
    for n in 0..3 {
        world
            .try_register(&format!("name{n}"), &address(&format!("a{n}")), PASSWORD)
            .await
            .unwrap();
    }
    let refused = world.try_register("ann", "ann@example.com", PASSWORD).await.unwrap_err();
    assert!(matches!(refused, RegisterError::Service(service_error) if is_limited(&service_error)));
    let elsewhere = registration("ann", "ann@example.com", PASSWORD);
    world.auth.register(&elsewhere, &client(2)).await.unwrap();
    world.later(HOUR);
    world.try_register("bob", "bob@example.com", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_whole_ipv6_site_registers_so_many_times_as_much_as_one_client() {
    let world = World::with(|config| {
        config.limits.register_client.max = 1;
        config.limits.ipv6_site = 2;
    })
    .await;
    let mut n = 0;
    let mut register = async |address: &str| {
        n += 1;
        let from = Client { address: Some(address.parse().unwrap()), ..Client::default() };
        let command = registration(&format!("name{n}"), &format!("a{n}@example.com"), PASSWORD);
        world.auth.register(&command, &from).await.is_ok()
    };
    assert!(register("2001:db8:1:1::1").await);
    assert!(!register("2001:db8:1:1::2").await, "the same client");
    assert!(register("2001:db8:1:2::1").await, "what was refused is not counted for the site");
    assert!(!register("2001:db8:1:3::1").await, "the site has had its share");
    assert!(register("2001:db8:2:1::1").await, "another site");
    assert!(register("192.0.2.1").await);
}

#[tokio::test]
async fn a_stranger_does_not_contest_an_account_that_a_service_made() {
    let world = World::new().await;
    let command = CreateUser::new(username("ann"), email("ann@example.com"), typed(PASSWORD));
    world.auth.create_user(&command).await.unwrap();
    let code = code(&world.mailed(MailKind::Activation).await);
    for (name, password) in [("eve", OTHER), ("eva", PASSWORD)] {
        world.try_register(name, "ann@example.com", password).await.unwrap();
    }
    let told: Vec<_> = world.mail().await.into_iter().map(|mail| mail.kind).collect();
    assert_eq!(told, [MailKind::RegisteredAgain, MailKind::RegisteredAgain]);
    world.auth.activate(code.expose(), &home()).await.unwrap();
    world.sign_in("ann").await;
}

#[tokio::test]
async fn no_breach_is_looked_up_for_a_registration_that_is_refused() {
    let world = World::with(|config| {
        config.limits.register_client.max = 1;
        config.password_policy.breaches = stolen(OTHER);
    })
    .await;
    world.try_register("ann", "ann@example.com", PASSWORD).await.unwrap();
    let refused = world.try_register("bob", "bob@example.com", OTHER).await.unwrap_err();
    assert!(matches!(refused, RegisterError::Service(error) if is_limited(&error)));
}
