//! What a team's other services ask for.

use usermgmt_core::flows::{ActivationError, CreateUser, CreateUserError};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::profile::Profile;
use usermgmt_core::model::user::User;

use crate::fixture::*;

fn creation(name: &str) -> CreateUser {
    let mut command = CreateUser::new(username(name), email(&address(name)), typed(PASSWORD));
    command.profile =
        Profile { first_name: text("Ann"), last_name: text("Otter"), gender: text("Female") };
    command.locale = Some("de".to_owned());
    command
}

async fn create(world: &World, name: &str) -> (User, String) {
    let user = world.auth.create_user(&creation(name)).await.unwrap();
    let mail = world.mailed(MailKind::Activation).await;
    (user, code(&mail).expose().clone())
}

#[tokio::test]
async fn a_created_user_is_inactive_until_activated() {
    let world = World::unlimited().await;
    let user = world.auth.create_user(&creation("ann")).await.unwrap();
    assert!(!user.is_active());
    assert_eq!(world.find("ANN").await.unwrap(), user);
    assert_eq!(world.auth.user(&user.id).await.unwrap().unwrap(), user);
    assert!(!world.signs_in("ann", PASSWORD).await);
    let mail = world.mailed(MailKind::Activation).await;
    assert_eq!((mail.recipient.as_str(), mail.locale.as_deref()), ("ann@example.com", Some("de")));
    assert_eq!(mail.valid_minutes, Some(60));
    let link = mail.link.as_ref().unwrap().expose();
    assert_eq!(
        *link,
        format!("https://accounts.example.com/activate?token={}", code(&mail).expose())
    );
    assert!(mail.not_me_link.is_none());
    let code = format!(" {}\n", code(&mail).expose());
    let active = world.auth.activate(&code, &home()).await.unwrap();
    assert!(active.is_active());
    assert!(world.signs_in("ann@example.com", PASSWORD).await);
    let again = world.auth.activate(&code, &home()).await.unwrap_err();
    assert!(matches!(again, ActivationError::Invalid));
}

#[tokio::test]
async fn what_is_taken_is_said_address_first() {
    let world = World::new().await;
    create(&world, "ann").await;
    let error = world.auth.create_user(&creation("ANN")).await.unwrap_err();
    assert!(matches!(error, CreateUserError::EmailTaken));
    let mut other = creation("Ann");
    other.email = email("other@example.com");
    let error = world.auth.create_user(&other).await.unwrap_err();
    assert!(matches!(error, CreateUserError::UsernameTaken));
    let mut easy = creation("bob");
    easy.password = typed("password");
    let error = world.auth.create_user(&easy).await.unwrap_err();
    assert!(matches!(error, CreateUserError::Password(_)));
    assert_eq!(world.users().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_racing_creations_one_succeeds() {
    let world = std::sync::Arc::new(World::new().await);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let world = std::sync::Arc::clone(&world);
        racing.spawn(async move { world.auth.create_user(&creation("ann")).await });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().all(|a| matches!(a, Ok(_) | Err(CreateUserError::EmailTaken))));
    world.mailed(MailKind::Activation).await;
}

#[tokio::test]
async fn an_activation_code_is_good_for_an_hour() {
    for (after, good) in [(HOUR - MILLISECOND, true), (HOUR, false)] {
        let world = World::new().await;
        let (_, code) = create(&world, "ann").await;
        world.later(after);
        match world.auth.activate(&code, &home()).await {
            Ok(_) => assert!(good),
            Err(error) => assert!(!good && matches!(error, ActivationError::Expired)),
        }
    }
}

#[tokio::test]
async fn what_is_no_activation_code_is_invalid() {
    let world = World::new().await;
    let (_, code) = create(&world, "ann").await;
    world.register("bob").await;
    let link = link_token(&world.mailed(MailKind::Confirmation).await);
    for text in ["", "12345678", &code[1..], &link] {
        let error = world.auth.activate(text, &home()).await.unwrap_err();
        assert!(matches!(error, ActivationError::Invalid), "{text}");
    }
    assert!(world.auth.confirm(&code, &home()).await.is_err());
}

#[tokio::test]
async fn a_created_user_does_not_lapse_and_can_be_sent_another_code() {
    let world = World::unlimited().await;
    let (user, first) = create(&world, "ann").await;
    world.later(60 * DAY);
    world.auth.purge().await.unwrap();
    let asked = world.auth.resend_activation("ANN@example.com", &home()).await.unwrap();
    assert_eq!(asked.id, user.id);
    let second = code(&world.mailed(MailKind::Activation).await).expose().clone();
    assert_ne!(first, second);
    world.auth.activate(&second, &home()).await.unwrap();
    let error = world.auth.resend_activation("ann", &home()).await.unwrap_err();
    assert!(matches!(error, ActivationError::AlreadyActivated));
    let error = world.auth.resend_activation("nobody", &home()).await.unwrap_err();
    assert!(matches!(error, ActivationError::NotFound));
}

#[tokio::test]
async fn who_registered_themselves_is_sent_their_confirmation() {
    let world = World::unlimited().await;
    world.register("ann").await;
    let first = world.mailed(MailKind::Confirmation).await;
    world.auth.resend_activation("ann", &home()).await.unwrap();
    let second = world.mailed(MailKind::Confirmation).await;
    assert_eq!(link_token(&first), link_token(&second));
    assert!(second.not_me_link.is_some());
    world.auth.confirm_by_code("ann@example.com", &code(&second), &home()).await.unwrap();
    // A contested one chooses a password.
    world.register("bob").await;
    world.try_register("eve", &address("bob"), OTHER).await.unwrap();
    world.mail().await;
    world.auth.resend_activation("bob", &home()).await.unwrap();
    world.mailed(MailKind::ChoosePassword).await;
}

#[tokio::test]
async fn a_stranger_neither_takes_over_nor_deletes_a_created_user() {
    let world = World::unlimited().await;
    let (user, code) = create(&world, "ann").await;
    world.try_register("eve", "ann@example.com", OTHER).await.unwrap();
    let mail = world.mailed(MailKind::RegisteredAgain).await;
    assert!(mail.link.is_none() && mail.not_me_link.is_none());
    assert!(world.account(&user.id).await.password.is_some());
    world.auth.activate(&code, &home()).await.unwrap();
    assert!(!world.signs_in("ann", OTHER).await);
    assert!(world.signs_in("ann", PASSWORD).await);
}

#[tokio::test]
async fn users_are_listed_in_pages() {
    let world = World::new().await;
    for name in ["ann", "bob", "dan"] {
        world.register(name).await;
        world.later(SECOND);
    }
    let first = world.auth.list_users(None, 2).await.unwrap();
    let second = world.auth.list_users(Some(&first[1].id), 2).await.unwrap();
    let names: Vec<_> = first.iter().chain(&second).map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["ann", "bob", "dan"]);
}
