//! The store commits and its answer is lost; it fails at any call; it hangs.
//! The caller hears that it is unavailable, and asking again shows what is true.

use std::fmt::Debug;

use usermgmt_core::flows::{
    ActivationError, CodeError, CreateUser, CreateUserError, DeleteError, LinkError, MfaError,
    MfaSignInError, ProfileError, ReauthenticationError, RefreshError, RegisterError, ResetError,
    ServiceKeyError, SessionError, SignInOutcome, UpdateProfile,
};
use usermgmt_core::mail::MailKind;

use crate::fixture::*;

/// Lets something be committed and its answer be lost.
async fn lost<T: Debug, E: Debug>(world: &World, request: impl Future<Output = Result<T, E>>) {
    world.store.lose_next_replies(1);
    let error = request.await.unwrap_err();
    assert!(is_unavailable(&error), "{error:?}");
    world.store.heal();
}

#[tokio::test]
async fn a_registration_was_made_once() {
    let world = World::unlimited().await;
    lost(&world, world.try_register("ann", "ann@example.com", PASSWORD)).await;
    // The name is taken, by this very registration: usernames are public.
    let again = world.try_register("ann", "ann@example.com", PASSWORD).await.unwrap_err();
    assert!(matches!(again, RegisterError::UsernameTaken));
    assert_eq!(world.users().await, 1);
    let mail = world.mailed(MailKind::Confirmation).await;
    // Under another name it is a second registration of one address.
    lost(&world, world.try_register("ann2", "ann@example.com", PASSWORD)).await;
    world.auth.confirm(&link_token(&mail), &home()).await.unwrap();
    assert_eq!(world.users().await, 1);
}

#[tokio::test]
async fn a_confirmation_says_that_it_is_done() {
    let world = World::unlimited().await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    let link = link_token(&mail);
    lost(&world, world.auth.confirm(&link, &home())).await;
    let again = world.auth.confirm(&link, &home()).await.unwrap_err();
    assert!(matches!(again, LinkError::AlreadyConfirmed));
    assert!(world.find("ann").await.unwrap().is_active());

    world.register("bob").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    let code = code(&mail);
    lost(&world, world.auth.confirm_by_code("bob@example.com", &code, &home())).await;
    let again = world.auth.confirm_by_code("bob@example.com", &code, &home()).await;
    assert!(matches!(again.unwrap_err(), CodeError::Invalid));
    assert!(world.find("bob").await.unwrap().is_active());
}

#[tokio::test]
async fn a_mail_asked_for_again_carries_what_is_good() {
    let world = World::unlimited().await;
    world.register("ann").await;
    world.mail().await;
    lost(&world, world.auth.resend_confirmation("ann@example.com", &home())).await;
    world.auth.resend_confirmation("ann@example.com", &home()).await.unwrap();
    // The first of the two mails has an old code by now and is not sent.
    let mail = world.mailed(MailKind::Confirmation).await;
    world.auth.confirm_by_code("ann@example.com", &code(&mail), &home()).await.unwrap();

    lost(&world, world.auth.forgot_password("ann", &home())).await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let mails = world.mail().await;
    assert_eq!(mails.len(), 2);
    assert_eq!(link_token(&mails[0]), link_token(&mails[1]));
    world.auth.reset_password(&link_token(&mails[0]), &typed(OTHER), &home()).await.unwrap();
}

#[tokio::test]
async fn a_registration_that_was_disowned_is_gone() {
    let world = World::unlimited().await;
    world.register("ann").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    lost(&world, world.auth.not_me_link(&not_me_token(&mail), &home())).await;
    assert!(world.find("ann").await.is_none());
    let again = world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap_err();
    assert!(matches!(again, LinkError::Invalid));
    lost(&world, world.try_register("bob", "ann@example.com", OTHER)).await;
    assert_eq!(world.find("ann@example.com").await.unwrap().username.as_str(), "bob");
}

#[tokio::test]
async fn a_sign_in_is_repeated() {
    let world = World::unlimited().await;
    let ann = world.member("ann").await;
    lost(&world, world.try_sign_in("ann", PASSWORD, &home())).await;
    world.sign_in("ann").await;
    // The first one's tokens reached nobody.
    assert_eq!(world.auth.sessions(&ann.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_refresh_gets_the_same_successor() {
    let world = World::unlimited().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let first = signed_in.tokens.refresh_token.expose();
    lost(&world, world.auth.refresh(first, &home())).await;
    world.later(29 * SECOND);
    let second = world.auth.refresh(first, &home()).await.unwrap().refresh_token;
    let sessions = world.auth.sessions(&signed_in.user.id).await.unwrap();
    assert_eq!(sessions[0].generation, 1);
    world.auth.refresh(second.expose(), &home()).await.unwrap();
    // Reuse ends the session whether or not the thief hears of it.
    lost(&world, world.auth.refresh(first, &home())).await;
    let again = world.auth.refresh(first, &home()).await.unwrap_err();
    assert!(matches!(again, RefreshError::Invalid));
    world.mailed(MailKind::RefreshReuse).await;
}

#[tokio::test]
async fn sessions_that_ended_have_ended() {
    let world = World::unlimited().await;
    let (_, first) = world.signed_in_member("ann").await;
    let second = world.current(&world.sign_in("ann").await).await;
    let id = &first.user.id;
    lost(&world, world.auth.sign_out(&first)).await;
    world.auth.sign_out(&first).await.unwrap();
    lost(&world, world.auth.end_session(id, second.session.id, &home())).await;
    let again = world.auth.end_session(id, second.session.id, &home()).await.unwrap_err();
    assert!(matches!(again, SessionError::NotFound));
    world.sign_in("ann").await;
    lost(&world, world.auth.sign_out_all(id, &home())).await;
    world.auth.sign_out_all(id, &home()).await.unwrap();
    assert!(world.auth.sessions(id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_profile_is_as_it_was_asked_for() {
    let world = World::unlimited().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let rename = UpdateProfile { username: Some(username("annie")), ..Default::default() };
    lost(&world, world.auth.update_profile(&current, &rename)).await;
    world.auth.update_profile(&current, &rename).await.unwrap();
    assert_eq!(world.find("annie").await.unwrap().id, current.user.id);
    let (old, new) = (typed(PASSWORD), typed(OTHER));
    lost(&world, world.auth.change_password(&current, &old, &new)).await;
    let current = world.current(&signed_in).await;
    let again = world.auth.change_password(&current, &old, &new).await.unwrap_err();
    let wrong = ReauthenticationError::WrongPassword;
    assert!(matches!(again, ProfileError::Reauthentication(error) if error == wrong));
    assert!(world.signs_in("annie", OTHER).await);
}

#[tokio::test]
async fn an_address_changed_once() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    let update = UpdateProfile { email: Some(email("ann@new.example")), ..Default::default() };
    lost(&world, world.auth.update_profile(&current, &update)).await;
    world.auth.update_profile(&current, &update).await.unwrap();
    // The first link was voided by the second request, and is not mailed.
    let mail = world.mailed(MailKind::EmailChangeConfirm).await;
    let link = link_token(&mail);
    lost(&world, world.auth.confirm_email_change(&link, &home())).await;
    let again = world.auth.confirm_email_change(&link, &home()).await.unwrap_err();
    assert!(matches!(again, LinkError::Invalid));
    assert_eq!(world.find("ann@new.example").await.unwrap().id, current.user.id);
    let undo = link_token(&world.mailed(MailKind::EmailChanged).await);
    lost(&world, world.auth.undo_email_change(&undo, &home())).await;
    let again = world.auth.undo_email_change(&undo, &home()).await.unwrap_err();
    assert!(matches!(again, LinkError::Invalid));
    assert_eq!(world.find("ann@example.com").await.unwrap().id, current.user.id);
    world.mailed(MailKind::PasswordReset).await;
}

#[tokio::test]
async fn a_reset_has_set_the_password() {
    let world = World::unlimited().await;
    world.member("ann").await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    lost(&world, world.auth.reset_password(&link, &typed(OTHER), &home())).await;
    let again = world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap_err();
    assert!(matches!(again, ResetError::InvalidToken));
    assert!(world.signs_in("ann", OTHER).await);
    world.mailed(MailKind::PasswordChanged).await;
}

#[tokio::test]
async fn a_deleted_account_is_not_found() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    lost(&world, world.auth.delete_account(&current, None)).await;
    let again = world.auth.delete_account(&current, None).await.unwrap_err();
    assert!(matches!(again, DeleteError::NotFound));
    world.auth.purge().await.unwrap();
    assert_eq!(world.users().await, 0);
}

#[tokio::test]
async fn a_service_finds_what_it_asked_for() {
    let world = World::unlimited().await;
    let command = CreateUser::new(username("ann"), email("ann@example.com"), typed(PASSWORD));
    lost(&world, world.auth.create_user(&command)).await;
    let again = world.auth.create_user(&command).await.unwrap_err();
    assert!(matches!(again, CreateUserError::EmailTaken));
    lost(&world, world.auth.resend_activation("ann", &home())).await;
    let mails = world.mail().await;
    let code = code(&mails[0]).expose().clone();
    lost(&world, world.auth.activate(&code, &home())).await;
    let again = world.auth.activate(&code, &home()).await.unwrap_err();
    assert!(matches!(again, ActivationError::Invalid));
    assert!(world.find("ann").await.unwrap().is_active());

    lost(&world, world.auth.create_service_key(&by(), "billing", false)).await;
    let again = world.auth.create_service_key(&by(), "billing", false).await.unwrap_err();
    assert!(matches!(again, ServiceKeyError::NameTaken));
    let (row, key) = world.auth.create_service_key(&by(), "search", false).await.unwrap();
    // That a use is not recorded is no reason to refuse the key.
    world.store.lose_next_replies(1);
    assert!(world.auth.authenticate_service(key.expose()).await.unwrap().is_some());
    world.store.heal();
    lost(&world, world.auth.revoke_service_key(&by(), &row.id)).await;
    let again = world.auth.revoke_service_key(&by(), &row.id).await.unwrap_err();
    assert!(matches!(again, ServiceKeyError::NotFound));
    assert!(world.auth.authenticate_service(key.expose()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_factor_is_on_or_off_as_it_was_asked_for() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    let id = &current.user.id;
    lost(&world, world.auth.begin_totp(id)).await;
    let enrolment = world.auth.begin_totp(id).await.unwrap();
    let code = totp_code(&enrolment, world.now());
    lost(&world, world.auth.confirm_totp(&current, &code)).await;
    let again = world.auth.confirm_totp(&current, &code).await.unwrap_err();
    assert!(matches!(again, MfaError::NotEnabled));
    assert!(world.auth.mfa_status(id).await.unwrap().enabled);
    // The recovery codes were seen by nobody; the authenticator gets new ones.
    world.later(MINUTE);
    let code = totp_code(&enrolment, world.now());
    let current = world.again(&current).await;
    lost(&world, world.auth.new_recovery_codes(&current, Some(&code))).await;
    world.later(MINUTE);
    let current = world.again(&current).await;
    let code = totp_code(&enrolment, world.now());
    let codes = world.auth.new_recovery_codes(&current, Some(&code)).await.unwrap();
    lost(&world, world.auth.verify_mfa(id, &codes[0], &home())).await;
    let again = world.auth.verify_mfa(id, &codes[0], &home()).await.unwrap_err();
    assert!(matches!(again, MfaError::InvalidCode));

    lost(&world, world.try_sign_in("ann", PASSWORD, &home())).await;
    let asked = world.try_sign_in("ann", PASSWORD, &home()).await.unwrap();
    let SignInOutcome::MfaRequired { ticket, .. } = asked else { panic!("{asked:?}") };
    lost(&world, world.auth.sign_in_mfa(&ticket, &codes[1], &home())).await;
    let again = world.auth.sign_in_mfa(&ticket, &codes[2], &home()).await.unwrap_err();
    assert!(matches!(again, MfaSignInError::InvalidCode));
    assert_eq!(world.auth.sessions(id).await.unwrap().len(), 2);

    let current = world.again(&current).await;
    lost(&world, world.auth.disable_totp(&current, &codes[2], None)).await;
    let current = world.again(&current).await;
    let again = world.auth.disable_totp(&current, &codes[2], None).await.unwrap_err();
    assert!(matches!(again, MfaError::NotEnabled));
    world.auth.begin_totp(id).await.unwrap();
    lost(&world, world.auth.reset_mfa(id)).await;
    assert!(matches!(world.auth.reset_mfa(id).await.unwrap_err(), MfaError::NotEnabled));
}

/// Fails each call of a request in turn, and lets it through in the end.
async fn failing_anywhere<T, E: Debug>(
    world: &World,
    mut request: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    for skip in 0..50 {
        world.store.fail_after(skip, 1);
        let answer = request().await;
        world.store.heal();
        match answer {
            Ok(answer) => return answer,
            Err(error) => assert!(is_unavailable(&error), "call {skip}: {error:?}"),
        }
    }
    panic!("still failing");
}

#[tokio::test]
async fn whichever_call_fails_nothing_is_half_done() {
    let world = World::new().await;
    failing_anywhere(&world, async || world.try_register("ann", "ann@example.com", PASSWORD).await)
        .await;
    assert_eq!(world.users().await, 1);
    let mail = world.mailed(MailKind::Confirmation).await;
    let link = link_token(&mail);
    failing_anywhere(&world, async || world.auth.confirm(&link, &home()).await).await;
    let outcome =
        failing_anywhere(&world, async || world.try_sign_in("ann", PASSWORD, &home()).await).await;
    let SignInOutcome::SignedIn(signed_in) = outcome else { panic!("{outcome:?}") };
    let ann = &signed_in.user.id;
    assert_eq!(world.auth.sessions(ann).await.unwrap().len(), 1);
    let refresh = signed_in.tokens.refresh_token.expose();
    failing_anywhere(&world, async || world.auth.refresh(refresh, &home()).await).await;
    failing_anywhere(&world, async || world.auth.forgot_password("ann", &home()).await).await;
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    failing_anywhere(&world, async || {
        world.auth.reset_password(&link, &typed(OTHER), &home()).await
    })
    .await;
    world.mailed(MailKind::PasswordChanged).await;
    let current = world.current(&world.sign_in_with("ann", OTHER).await).await;
    failing_anywhere(&world, async || world.auth.delete_account(&current, None).await).await;
    assert_eq!(world.users().await, 0);
}

/// Waits as long as the service waits for its store, and a little longer.
async fn in_time<T, E: Debug>(world: &World, request: impl Future<Output = Result<T, E>>) {
    let patience = world.auth.config().store_timeout + SECOND;
    let Ok(answer) = tokio::time::timeout(patience, request).await else {
        panic!("no answer in time");
    };
    match answer {
        Ok(_) => panic!("an answer without a store"),
        Err(error) => assert!(is_unavailable(&error), "{error:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_unavailable_in_time() {
    let world = World::new().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let access = signed_in.tokens.access_token.expose().clone();
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    world.store.hang();
    in_time(&world, world.try_register("bob", "bob@example.com", PASSWORD)).await;
    in_time(&world, world.try_sign_in("ann", PASSWORD, &home())).await;
    in_time(&world, world.auth.current(&access)).await;
    in_time(&world, world.auth.refresh(signed_in.tokens.refresh_token.expose(), &home())).await;
    in_time(&world, world.auth.confirm(&link, &home())).await;
    in_time(&world, world.auth.forgot_password("ann", &home())).await;
    in_time(&world, world.auth.reset_password(&link, &typed(OTHER), &home())).await;
    in_time(&world, world.auth.sessions(&current.user.id)).await;
    in_time(&world, world.auth.sign_out(&current)).await;
    in_time(&world, world.auth.delete_account(&current, None)).await;
    in_time(&world, world.auth.begin_totp(&current.user.id)).await;
    in_time(&world, world.auth.purge()).await;
    assert!(world.worker.run_once().await.is_err());
    world.store.heal();
    world.current(&signed_in).await;
}
