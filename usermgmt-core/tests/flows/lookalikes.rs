//! Names that look like others'.

use std::sync::Arc;

use usermgmt_core::User;
use usermgmt_core::flows::{
    CreateUser, CreateUserError, ProfileError, RegisterError, UpdateProfile,
};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::identifier::Identifier;
use usermgmt_core::store::Change;
use usermgmt_core::testkit::CapturingMailer;

use crate::fixture::*;

async fn is_free(world: &World, name: &str) -> bool {
    let skeleton = Identifier::skeleton(&username(name));
    !world.auth.store().is_taken(&skeleton, None, world.now()).await.unwrap()
}

async fn is_refused(world: &World, name: &str) -> bool {
    let answer = world.try_register(name, &format!("new-{}@example.com", name.len()), OTHER).await;
    match answer {
        Ok(()) => false,
        Err(RegisterError::UsernameTaken) => true,
        Err(other) => panic!("{name}: {other}"),
    }
}

fn renamed(name: &str) -> UpdateProfile {
    UpdateProfile { username: Some(username(name)), ..UpdateProfile::default() }
}

#[tokio::test]
async fn a_look_alike_is_taken_for_whoever_asks_and_whatever_the_address_is() {
    let world = World::unlimited().await;
    world.member("paypal").await;
    for name in ["paypa1", "PayPaI", "раураӏ", "PAYPAL"] {
        assert!(is_refused(&world, name).await, "{name}");
        // The address is known.
        let again = world.try_register(name, "paypal@example.com", OTHER).await;
        assert!(matches!(again, Err(RegisterError::UsernameTaken)), "{name}");
    }
    assert!(!is_refused(&world, "paypals").await);
}

#[tokio::test]
async fn a_registration_of_a_known_address_takes_what_its_name_looks_like_too() {
    let world = World::unlimited().await;
    world.member("ann").await;
    world.register("eve").await;
    for (name, alike, address) in
        [("hello", "he1lo", "ann@example.com"), ("world", "wor1d", "eve@example.com")]
    {
        world.try_register(name, address, OTHER).await.unwrap();
        assert!(is_refused(&world, alike).await, "{alike}");
        world.later(8 * DAY);
        world.auth.purge().await.unwrap();
        assert!(!is_refused(&world, alike).await, "{alike} for ever");
    }
}

#[tokio::test]
async fn a_service_and_a_change_of_name_meet_look_alikes_too() {
    let world = World::unlimited().await;
    world.member("paypal").await;
    let (_, ann) = world.signed_in_member("ann").await;
    let refused = world.auth.update_profile(&ann, &renamed("paypa1")).await.unwrap_err();
    assert!(matches!(refused, ProfileError::UsernameTaken));
    let command = CreateUser::new(username("paypa1"), email("new@example.com"), typed(OTHER));
    let refused = world.auth.create_user(&command).await.unwrap_err();
    assert!(matches!(refused, CreateUserError::UsernameTaken));
}

#[tokio::test]
async fn what_a_name_looks_like_goes_with_it() {
    let world = World::unlimited().await;
    let (_, ann) = world.signed_in_member("lola").await;
    world.auth.update_profile(&ann, &renamed("Lo1a")).await.unwrap();
    assert!(!is_free(&world, "lola").await);
    world.auth.update_profile(&ann, &renamed("other")).await.unwrap();
    assert!(is_free(&world, "lola").await && !is_free(&world, "0ther").await);
    // Confirmed, it is held for good.
    world.later(30 * DAY);
    world.auth.purge().await.unwrap();
    assert!(!is_free(&world, "0ther").await);
    let current = world.again(&ann).await;
    world.auth.delete_account(&current, Some(&typed(PASSWORD))).await.unwrap();
    assert!(is_free(&world, "0ther").await);
}

#[tokio::test]
async fn another_case_of_the_own_name_is_no_look_alike() {
    let world = World::unlimited().await;
    let (_, ian) = world.signed_in_member("ian").await;
    world.auth.update_profile(&ian, &renamed("Ian")).await.unwrap();
    assert!(is_refused(&world, "lan").await);
    world.auth.update_profile(&ian, &renamed("ian")).await.unwrap();
    assert!(!is_refused(&world, "lan").await);
    let refused = world.auth.update_profile(&ian, &renamed("Ian")).await.unwrap_err();
    assert!(matches!(refused, ProfileError::UsernameTaken));
}

#[tokio::test]
async fn a_registration_that_was_not_ones_own_holds_what_its_name_looks_like_a_while() {
    let world = World::unlimited().await;
    world.register("hello").await;
    let mail = world.mailed(MailKind::Confirmation).await;
    world.auth.not_me_link(&not_me_token(&mail), &home()).await.unwrap();
    assert!(is_refused(&world, "he1lo").await);
    world.later(8 * DAY);
    world.auth.purge().await.unwrap();
    assert!(is_free(&world, "he1lo").await);
}

/// An account as versions before skeletons left it.
async fn old_account(world: &World, name: &str) -> User {
    // Ids are in the order of time.
    world.later(SECOND);
    world.member(name).await;
    let user = world.find(name).await.unwrap();
    let identifier = Identifier::skeleton(&user.username);
    let user_id = user.id.clone();
    world.apply(vec![Change::ReleaseIdentifier { identifier, user_id }]).await;
    assert!(is_free(world, name).await);
    user
}

#[tokio::test]
async fn accounts_from_before_get_what_they_look_like_the_first_of_two_alike() {
    let world = World::unlimited().await;
    let first = old_account(&world, "paypal").await;
    let second = old_account(&world, "paypa1").await;
    let third = old_account(&world, "other").await;
    let done = async || {
        let names = [&first, &third].map(|user| Identifier::skeleton(&user.username));
        for name in names {
            while !world.auth.store().is_taken(&name, None, world.now()).await.unwrap() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::select! {
        () = world.auth.run(Arc::new(CapturingMailer::default()), std::future::pending()) => {}
        () = done() => {}
    }
    let skeleton = Identifier::skeleton(&second.username);
    let free_for = async |user: &User| {
        !world.auth.store().is_taken(&skeleton, Some(&user.id), world.now()).await.unwrap()
    };
    assert!(free_for(&first).await && !free_for(&second).await);
    assert!(is_refused(&world, "раураӏ").await);
    // The other one goes on, and may take a name of its own.
    let current = world.current(&world.sign_in("paypa1").await).await;
    world.auth.update_profile(&current, &renamed("second")).await.unwrap();
    assert!(!free_for(&second).await, "it gave back what was the first's");
}

#[tokio::test]
async fn an_address_is_mailed_as_it_was_compared_however_it_was_typed() {
    let world = World::new().await;
    world.try_register("eve", "ａdmin@corp.example", PASSWORD).await.unwrap();
    let mail = world.mailed(MailKind::Confirmation).await;
    assert_eq!(mail.recipient.as_str(), "admin@corp.example");
    // Whoever has that mailbox is told, and turns the first one out by confirming.
    world.try_register("ann", "admin@corp.example", OTHER).await.unwrap();
    let mail = world.mailed(MailKind::ChoosePassword).await;
    assert_eq!(mail.recipient.as_str(), "admin@corp.example");

    let (_, current) = world.signed_in_member("bob").await;
    let mails = change_email(&world, &current, "ｂob@corp.example").await;
    let to: Vec<&str> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
    assert!(to.contains(&"bob@corp.example"), "{to:?}");
    assert!(to.iter().all(|to| to.is_ascii()), "{to:?}");
}
