//! Changing one's own account.

use usermgmt_core::flows::{Current, ProfileError, ReauthenticationError, UpdateProfile};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::user::User;
use usermgmt_core::password::PasswordProblem;

use crate::fixture::*;

fn rename(to: &str) -> UpdateProfile {
    UpdateProfile { username: Some(username(to)), ..UpdateProfile::default() }
}

fn new_password(current: Option<&str>, new: &str) -> UpdateProfile {
    UpdateProfile {
        password: Some(typed(new)),
        current_password: current.map(typed),
        ..UpdateProfile::default()
    }
}

async fn update(world: &World, current: &Current, update: &UpdateProfile) -> User {
    world.auth.update_profile(current, update).await.unwrap();
    world.account(&current.user.id).await.user
}

async fn refuse(world: &World, current: &Current, update: &UpdateProfile) -> ProfileError {
    let before = world.account(&current.user.id).await;
    let error = world.auth.update_profile(current, update).await.unwrap_err();
    assert_eq!(world.account(&current.user.id).await, before);
    assert!(world.mail().await.is_empty());
    error
}

#[tokio::test]
async fn each_field_changes_alone() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let mut expected = current.user.clone();
    world.later(SECOND);
    expected.updated_at = world.now();
    let some = |name: &str| Some(text(name));
    let locale = Some(Some("de".to_owned()));
    let none = UpdateProfile::default;
    expected.first_name = Some("Ann".to_owned());
    let user = update(&world, &current, &UpdateProfile { first_name: some("Ann"), ..none() }).await;
    assert_eq!(user, expected);
    expected.last_name = Some("Otter".to_owned());
    let user =
        update(&world, &current, &UpdateProfile { last_name: some("Otter"), ..none() }).await;
    assert_eq!(user, expected);
    expected.gender = Some("Female".to_owned());
    let user = update(&world, &current, &UpdateProfile { gender: some("Female"), ..none() }).await;
    assert_eq!(user, expected);
    expected.locale = Some("de".to_owned());
    let user = update(&world, &current, &UpdateProfile { locale, ..none() }).await;
    assert_eq!(user, expected);
    expected.first_name = None;
    let user = update(&world, &current, &UpdateProfile { first_name: Some(None), ..none() }).await;
    assert_eq!(user, expected);
}

#[tokio::test]
async fn what_does_not_change_is_not_written() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.later(SECOND);
    world.store.take_calls();
    update(&world, &current, &UpdateProfile::default()).await;
    let same = UpdateProfile {
        username: Some(username("ann")),
        email: Some(email("ann@example.com")),
        first_name: Some(None),
        ..UpdateProfile::default()
    };
    assert_eq!(update(&world, &current, &same).await, current.user);
    assert_eq!(world.store.take_calls().applies, 0);
}

#[tokio::test]
async fn the_audit_log_names_the_fields_and_no_values() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let mut both = rename("annie");
    both.first_name = Some(text("Ann"));
    update(&world, &current, &both).await;
    use usermgmt_core::store::AuditStore as _;
    let entries = world.store.audit(&current.user.id, None, 100).await.unwrap();
    let entry = entries.iter().find(|entry| entry.action == "user.updated").unwrap();
    assert_eq!(entry.detail, ["username", "first_name"]);
}

#[tokio::test]
async fn a_new_name_is_taken_and_the_old_one_is_free() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    update(&world, &current, &rename("annie")).await;
    assert!(world.find("ann").await.is_none());
    assert_eq!(world.find("ANNIE").await.unwrap().id, current.user.id);
    assert!(world.try_register("annie", "x@example.com", PASSWORD).await.is_err());
    world.try_register("ann", "x@example.com", PASSWORD).await.unwrap();
    world.later(400 * DAY);
    world.auth.purge().await.unwrap();
    assert!(world.find("annie").await.is_some());
}

#[tokio::test]
async fn a_taken_name_changes_nothing() {
    let world = World::new().await;
    world.member("bob").await;
    let (_, current) = world.signed_in_member("ann").await;
    let mut both = rename("BOB");
    both.first_name = Some(text("Ann"));
    let error = refuse(&world, &current, &both).await;
    assert!(matches!(error, ProfileError::UsernameTaken));
    assert_eq!(world.find("ann").await.unwrap().id, current.user.id);
}

#[tokio::test]
async fn the_same_name_in_another_case_is_only_written_differently() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let user = update(&world, &current, &rename("Ann")).await;
    assert_eq!(user.username.as_str(), "Ann");
    assert_eq!(world.find("ann").await.unwrap().id, current.user.id);
    assert!(world.try_register("ANN", "x@example.com", PASSWORD).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_race_for_a_name_one_gets_it() {
    let world = std::sync::Arc::new(World::unlimited().await);
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (_, current) = world.signed_in_member(&format!("name{n}")).await;
        let world = std::sync::Arc::clone(&world);
        racing.spawn(async move { world.auth.update_profile(&current, &rename("ann")).await });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().all(|a| matches!(a, Ok(()) | Err(ProfileError::UsernameTaken))));
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_keeps_ones_own() {
    let world = World::new().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let other = world.sign_in("ann").await;
    world.auth.change_password(&current, &typed(PASSWORD), &typed(OTHER)).await.unwrap();
    world.current(&signed_in).await;
    assert!(world.auth.current(other.tokens.access_token.expose()).await.is_err());
    assert!(!world.signs_in("ann", PASSWORD).await);
    assert!(world.signs_in("ann", OTHER).await);
    let mail = world.mailed(MailKind::PasswordChanged).await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
}

#[tokio::test]
async fn a_new_password_needs_the_current_one_however_recent_the_sign_in() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let missing = refuse(&world, &current, &new_password(None, OTHER)).await;
    assert!(matches!(missing, ProfileError::CurrentPasswordMissing));
    let wrong = refuse(&world, &current, &new_password(Some(THIRD), OTHER)).await;
    assert!(matches!(wrong, ProfileError::Reauthentication(ReauthenticationError::WrongPassword)));
}

#[tokio::test]
async fn a_new_password_obeys_the_policy() {
    let world = World::with(|config| config.password_policy.breaches = stolen(OTHER)).await;
    let (_, current) = world.signed_in_member("ann").await;
    for (password, problem) in [
        ("short", PasswordProblem::TooShort { min: 8 }),
        ("ann@example.com", PasswordProblem::TooEasy),
        (OTHER, PasswordProblem::Breached),
    ] {
        let error = refuse(&world, &current, &new_password(Some(PASSWORD), password)).await;
        assert!(matches!(&error, ProfileError::Password(found) if *found == problem), "{error:?}");
    }
}

#[tokio::test]
async fn no_breach_is_looked_up_for_whoever_does_not_know_the_current_password() {
    let world = World::with(|config| config.password_policy.breaches = stolen(OTHER)).await;
    let (_, current) = world.signed_in_member("ann").await;
    for _ in 0..10 {
        let wrong = refuse(&world, &current, &new_password(Some(THIRD), OTHER)).await;
        let expected = ReauthenticationError::WrongPassword;
        assert!(matches!(wrong, ProfileError::Reauthentication(found) if found == expected));
    }
    let limited = refuse(&world, &current, &new_password(Some(THIRD), OTHER)).await;
    assert!(matches!(limited, ProfileError::Service(service_error) if is_limited(&service_error)));
}

#[tokio::test]
async fn guessing_the_current_password_is_limited() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    for _ in 0..10 {
        refuse(&world, &current, &new_password(Some(THIRD), OTHER)).await;
    }
    let limited = refuse(&world, &current, &new_password(Some(PASSWORD), OTHER)).await;
    assert!(matches!(limited, ProfileError::Service(service_error) if is_limited(&service_error)));
    world.later(15 * MINUTE);
    let (_, current) = (0, world.current(&world.sign_in("ann").await).await);
    update(&world, &current, &new_password(Some(PASSWORD), OTHER)).await;
}

#[tokio::test]
async fn a_new_password_voids_links_that_would_set_one_or_move_the_account() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let reset = link_token(&world.mailed(MailKind::PasswordReset).await);
    let elsewhere =
        UpdateProfile { email: Some(email("eve@example.com")), ..UpdateProfile::default() };
    update(&world, &current, &elsewhere).await;
    let link = link_token(&world.mailed(MailKind::EmailChangeConfirm).await);
    update(&world, &current, &new_password(Some(PASSWORD), OTHER)).await;
    assert!(world.auth.reset_password(&reset, &typed(THIRD), &home()).await.is_err());
    assert!(world.auth.confirm_email_change(&link, &home()).await.is_err());
    assert!(world.find("ann@example.com").await.is_some());
}

#[tokio::test]
async fn one_request_changes_everything_or_nothing() {
    let world = World::new().await;
    world.member("bob").await;
    let (_, current) = world.signed_in_member("ann").await;
    let mut all = rename("bob");
    all.email = Some(email("new@example.com"));
    all.password = Some(typed(OTHER));
    all.current_password = Some(typed(PASSWORD));
    let error = refuse(&world, &current, &all).await;
    assert!(matches!(error, ProfileError::UsernameTaken));
    all.username = Some(username("annie"));
    update(&world, &current, &all).await;
    let mut kinds: Vec<_> = world.mailed_kinds().await.into_iter().map(|(kind, _)| kind).collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [MailKind::PasswordChanged, MailKind::EmailChangeConfirm, MailKind::EmailChangeRequested]
    );
    assert!(world.signs_in("annie", OTHER).await);
}

#[tokio::test]
async fn a_user_who_was_deleted_changes_nothing() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    world.auth.delete_user(&current.user.id).await.unwrap();
    let error = world.auth.update_profile(&current, &rename("annie")).await.unwrap_err();
    assert!(matches!(error, ProfileError::NotFound));
    world.try_register("annie", "x@example.com", PASSWORD).await.unwrap();
}
