//! The keys that services ask with.

use usermgmt_core::flows::ServiceKeyError;
use usermgmt_core::store::{Change, Changes};

use crate::fixture::*;

#[tokio::test]
async fn a_service_key_is_shown_once_and_kept_as_a_hash() {
    let world = World::new().await;
    let (row, key) = world.auth.create_service_key(&by(), " billing ", true).await.unwrap();
    assert!(key.expose().starts_with("umk_"));
    assert_eq!((row.name.as_str(), row.allow_admin), ("billing", true));
    assert!(!format!("{row:?}").contains(key.expose().trim_start_matches("umk_")));
    let found = world.auth.authenticate_service(key.expose()).await.unwrap().unwrap();
    assert_eq!(found.id, row.id);
    assert_eq!(world.auth.service_keys(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_service_key_is_nobodys() {
    let world = World::new().await;
    let (_, key) = world.auth.create_service_key(&by(), "billing", false).await.unwrap();
    let (_, other) = world.auth.create_service_key(&by(), "search", false).await.unwrap();
    let mixed = format!("{}{}", &key.expose()[..30], &other.expose()[30..]);
    let cut = &key.expose()[..key.expose().len() - 1];
    for text in ["", "umk_", cut, &mixed, &key.expose().to_uppercase()] {
        assert!(world.auth.authenticate_service(text).await.unwrap().is_none(), "{text}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_from_then_on() {
    let world = World::new().await;
    let (row, key) = world.auth.create_service_key(&by(), "billing", false).await.unwrap();
    world.auth.revoke_service_key(&by(), &row.id).await.unwrap();
    assert!(world.auth.authenticate_service(key.expose()).await.unwrap().is_none());
    let again = world.auth.revoke_service_key(&by(), &row.id).await.unwrap_err();
    assert!(matches!(again, ServiceKeyError::NotFound));
    let listed = world.auth.service_keys(None, 10).await.unwrap();
    assert_eq!(listed[0].revoked_at, Some(world.now()));
}

#[tokio::test]
async fn the_last_use_of_a_key_is_recorded_once_an_hour() {
    let world = World::new().await;
    let (_, key) = world.auth.create_service_key(&by(), "billing", false).await.unwrap();
    let began = world.now();
    let mut seen = Vec::new();
    for _ in 0..4 {
        world.auth.authenticate_service(key.expose()).await.unwrap().unwrap();
        let listed = world.auth.service_keys(None, 10).await.unwrap();
        seen.push(listed[0].last_used_at.unwrap());
        world.later(40 * MINUTE);
    }
    assert_eq!(seen, [began, began, began + 80 * MINUTE, began + 80 * MINUTE]);
}

#[tokio::test]
async fn a_key_has_a_name_that_can_be_read() {
    let world = World::new().await;
    for name in ["", "  ", "a\nb", &"x".repeat(101)] {
        let error = world.auth.create_service_key(&by(), name, false).await.unwrap_err();
        assert!(matches!(error, ServiceKeyError::InvalidName), "{name}");
    }
}

#[tokio::test]
async fn two_keys_that_are_good_have_two_names() {
    let world = World::new().await;
    let (row, _) = world.auth.create_service_key(&by(), "billing", false).await.unwrap();
    let taken = world.auth.create_service_key(&by(), " billing ", true).await.unwrap_err();
    assert!(matches!(taken, ServiceKeyError::NameTaken));
    world.auth.revoke_service_key(&by(), &row.id).await.unwrap();
    world.auth.create_service_key(&by(), "billing", false).await.unwrap();
}

#[tokio::test]
async fn of_two_keys_of_one_name_that_are_made_at_once_the_last_gives_way() {
    let (world, elsewhere) = (World::new().await, World::new().await);
    let (other, _) = elsewhere.auth.create_service_key(&by(), "billing", false).await.unwrap();
    let made = vec![Change::InsertServiceKey(other.clone())];
    // After the names were looked at, and before the key is written.
    world.store.meanwhile(1, Changes::new(made, world.now(), &world.rng));
    let taken = world.auth.create_service_key(&by(), "billing", false).await.unwrap_err();
    assert!(matches!(taken, ServiceKeyError::NameTaken));
    let listed = world.auth.service_keys(None, 10).await.unwrap();
    let good: Vec<_> = listed.iter().filter(|key| key.revoked_at.is_none()).collect();
    assert_eq!((good.len(), good[0].id == other.id), (1, true));
}
