//! What administrators and operators do with other people's accounts.

use usermgmt_core::Role;
use usermgmt_core::flows::{AdminError, DeleteError, Invite, InviteError};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::audit::Origin;
use usermgmt_core::model::token::Purpose;
use usermgmt_core::secret::PlaintextPassword;

use crate::fixture::*;

fn invite(name: &str, role: Role) -> Invite {
    Invite {
        role,
        password: Some(PlaintextPassword::new("analytical engine no. 1".to_owned())),
        mail: false,
        ..Invite::new(username(name), email(&address(name)), HOUR)
    }
}

#[tokio::test]
async fn the_last_administrator_is_neither_demoted_disabled_nor_deleted() {
    let world = World::new().await;
    let by = by();
    let root = world.auth.invite(&by, &invite("root", Role::Admin)).await.unwrap().user;
    let auth = &world.auth;
    for refused in [
        auth.set_role(&by, &root.id, Role::User).await.map(drop),
        auth.disable_user(&by, &root.id).await.map(drop),
        auth.remove_user(&by, &root.id).await,
    ] {
        assert!(matches!(refused.unwrap_err(), AdminError::LastAdmin));
    }
    let refused = auth.delete_user(&root.id).await.unwrap_err();
    assert!(matches!(refused, DeleteError::LastAdmin));
    auth.invite(&by, &invite("other", Role::Admin)).await.unwrap();
    assert_eq!(auth.set_role(&by, &root.id, Role::User).await.unwrap().role, Role::User);
}

#[tokio::test]
async fn of_two_administrators_that_demote_each_other_at_once_one_stays() {
    let world = World::new().await;
    let by = by();
    let one = world.auth.invite(&by, &invite("one", Role::Admin)).await.unwrap().user;
    let two = world.auth.invite(&by, &invite("two", Role::Admin)).await.unwrap().user;
    let (a, b) = tokio::join!(
        world.auth.set_role(&by, &one.id, Role::User),
        world.auth.set_role(&by, &two.id, Role::User)
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
}

#[tokio::test]
async fn an_invitation_is_a_link_that_chooses_the_password_and_confirms() {
    let world = World::new().await;
    let invited = Invite { password: None, ..invite("ann", Role::User) };
    let made = world.auth.invite(&by(), &invited).await.unwrap();
    assert!(!made.user.is_email_confirmed());
    let link = made.link.unwrap().expose().clone();
    let (_, token) = link.split_once("/reset-password?token=").unwrap();
    let password = PlaintextPassword::new("analytical engine no. 1".to_owned());
    world.auth.reset_password(token, &password, &home()).await.unwrap();
    assert!(world.find("ann").await.unwrap().is_active());
    let again = world.auth.invite(&by(), &invited).await.unwrap_err();
    assert!(matches!(again, InviteError::EmailTaken | InviteError::UsernameTaken));
}

#[tokio::test]
async fn an_invitation_of_whom_only_name_and_address_are_known_is_mailed() {
    let world = World::new().await;
    let ann = Invite::new(username("ann"), email("ann@example.com"), HOUR);
    let made = world.auth.invite(&by(), &ann).await.unwrap();
    assert_eq!(made.user.role, Role::User);
    let link = link_token(&world.mailed(MailKind::Invitation).await);
    let is_good = async || {
        let purposes = [Purpose::ChoosePassword];
        world.auth.inspect_link(&link, &purposes, &home()).await.is_ok()
    };
    world.later(HOUR - MILLISECOND);
    assert!(is_good().await);
    world.later(MILLISECOND);
    assert!(!is_good().await);
}

/// Why such an administrator counts as one that stays.
#[tokio::test]
async fn an_administrator_who_was_confirmed_without_a_password_chooses_one_by_mail() {
    let world = World::new().await;
    let by = by();
    let root = world.auth.invite(&by, &invite("root", Role::Admin)).await.unwrap().user;
    let invited = Invite { password: None, ..invite("ann", Role::Admin) };
    let ann = world.auth.invite(&by, &invited).await.unwrap().user;
    let refused = world.auth.set_role(&by, &root.id, Role::User).await.unwrap_err();
    assert!(matches!(refused, AdminError::LastAdmin), "an invitation is nobody yet");
    world.auth.confirm_user(&by, &ann.id).await.unwrap();
    world.auth.set_role(&by, &root.id, Role::User).await.unwrap();
    world.auth.forgot_password("ann@example.com", &home()).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    world.auth.reset_password(&link, &typed(PASSWORD), &home()).await.unwrap();
    let current = world.current(&world.sign_in("ann").await).await;
    assert_eq!(current.user.role, Role::Admin);
}

#[tokio::test]
async fn the_audit_log_says_who_did_it() {
    let world = World::new().await;
    let by = Origin { request_id: Some("r1".to_owned()), ..by() };
    let ann = world.auth.invite(&by, &invite("ann", Role::User)).await.unwrap().user;
    world.later(MINUTE);
    world.auth.disable_user(&by, &ann.id).await.unwrap();
    world.auth.disable_user(&by, &ann.id).await.unwrap();
    let log = world.auth.store().audit(&ann.id, None, 10).await.unwrap();
    let actions: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["user.invited", "user.disabled"]);
    assert!(log.iter().all(|entry| entry.origin == by));
    let nobody = world.auth.enable_user(&by, &"nobody".parse().unwrap()).await.unwrap_err();
    assert!(matches!(nobody, AdminError::NotFound));
}
