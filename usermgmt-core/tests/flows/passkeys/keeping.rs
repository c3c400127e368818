//! Passkeys in their owner's hands: named, removed, told of.

use serde_json::json;
use usermgmt_core::flows::{
    Current, PasskeyError, PasskeySignInError, ProfileError, ReauthenticationError, WaysIn,
};
use usermgmt_core::mail::MailKind;

use super::device::Device;
use super::{Again, add, ask, member, refused, try_in, world};
use crate::fixture::{MINUTE, OTHER, SECOND, World, home, typed};

#[tokio::test]
async fn an_owner_is_told_of_each_passkey_that_comes_and_goes() {
    let world = world().await;
    let (current, _, added) = member(&world, "ann").await;
    assert!(world.mailed_kinds().await.iter().any(|(kind, _)| *kind == MailKind::PasskeyAdded));
    world.auth.remove_passkey(&current, &added.passkey.id).await.unwrap();
    assert!(world.mailed_kinds().await.iter().any(|(kind, _)| *kind == MailKind::PasskeyRemoved));
    // The password is enough again, and the codes went with the passkey.
    world.sign_in("ann").await;
    assert_eq!(world.auth.recovery_codes_left(&current.user.id).await.unwrap(), 0);
}

#[tokio::test]
async fn adding_and_removing_need_a_recent_sign_in() {
    let world = world().await;
    let (current, _, added) = member(&world, "ann").await;
    world.later(15 * MINUTE + SECOND);
    let required = |outcome: Result<(), PasskeyError>| {
        let required =
            PasskeyError::Reauthentication(ReauthenticationError::Required(WaysIn::default()));
        assert_eq!(outcome.unwrap_err().to_string(), required.to_string());
    };
    required(world.auth.passkey_options(&current).await.map(drop));
    required(world.auth.remove_passkey(&current, &added.passkey.id).await);
}

#[tokio::test]
async fn a_first_password_needs_a_recent_sign_in_whatever_the_old_service_asked_for() {
    let world = World::with(|config| {
        config.sign_in.passkeys = true;
        config.compat.no_reauthentication = true;
    })
    .await;
    let (current, ..) = member(&world, "ann").await;
    without_password(&world, &current).await;
    let current = world.auth.current_of(&current).await;
    world.later(15 * MINUTE + SECOND);
    let refused = world.auth.set_first_password(&current, &typed(OTHER)).await.unwrap_err();
    assert!(matches!(refused, ProfileError::Reauthentication(ReauthenticationError::Required(_))));
}

async fn without_password(world: &World, current: &Current) {
    let user = world.auth.user(&current.user.id).await.unwrap().unwrap();
    let no_password = usermgmt_core::store::UserPatch {
        password: Some(None),
        ..usermgmt_core::store::UserPatch::default()
    };
    world
        .apply(vec![usermgmt_core::store::Change::UpdateUser {
            id: user.id.clone(),
            epoch: user.epoch,
            raise_epoch: true,
            at: world.now(),
            set: Box::new(no_password),
        }])
        .await;
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let world = world().await;
    let (current, mut device, added) = member(&world, "ann").await;
    without_password(&world, &current).await;
    let current = world.auth.current_of(&current).await;
    let last = world.auth.remove_passkey(&current, &added.passkey.id).await;
    assert!(matches!(last, Err(PasskeyError::LastSignInMethod)), "{last:?}");
    let mut other = Device::new();
    add(&world, &current, &mut other).await;
    let current = world.auth.current_of(&current).await;
    world.auth.remove_passkey(&current, &added.passkey.id).await.unwrap();
    let asked = ask(&world).await;
    refused(try_in(&world, &asked, &device.sign(&asked.options).await).await);
    try_in(&world, &asked, &other.sign(&asked.options).await).await.unwrap();
}

#[tokio::test]
async fn a_passkey_is_named_by_its_owner() {
    let world = world().await;
    let (current, _, added) = member(&world, "ann").await;
    let (bob, _, _) = member(&world, "bob").await;
    let id = &added.passkey.id;
    let named = world.auth.rename_passkey(&current, id, " Phone ").await.unwrap();
    assert_eq!(named.name, "Phone");
    for name in ["", "   ", "a\nb", &"x".repeat(65)] {
        let named = world.auth.rename_passkey(&current, id, name).await;
        assert!(matches!(named, Err(PasskeyError::Name)), "{name:?}: {named:?}");
    }
    let stolen = world.auth.rename_passkey(&bob, id, "mine").await;
    assert!(matches!(stolen, Err(PasskeyError::NotFound)), "{stolen:?}");
}

#[tokio::test]
async fn passkeys_that_are_off_are_not_there() {
    let world = World::new().await;
    let asked = world.auth.passkey_sign_in_options();
    assert!(matches!(asked, Err(PasskeyError::Off)), "{asked:?}");
    let tried = world.auth.sign_in_by_passkey("", &json!({}), &home()).await;
    assert!(matches!(tried, Err(PasskeySignInError::Off)), "{tried:?}");
}
