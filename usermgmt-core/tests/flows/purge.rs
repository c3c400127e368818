//! What is over goes, whoever stands in front of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::{Change, StoreError, UserStore as _};

use crate::fixture::*;

/// Why somebody cannot be deleted.
#[derive(Clone, Copy, Debug)]
enum Why {
    Refused,
    Failed,
    Unavailable,
}

/// Whom the store does not let go.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<HashMap<UserId, Why>>>);

impl Kept {
    fn keep(&self, users: &[UserId], why: Why) {
        self.0.lock().unwrap().extend(users.iter().map(|id| (id.clone(), why)));
    }

    fn let_go(&self, user: &UserId) {
        self.0.lock().unwrap().remove(user);
    }

    fn why_not(&self, change: &Change) -> Option<StoreError> {
        let Change::DeleteUser { id, .. } = change else { return None };
        Some(match self.0.lock().unwrap().get(id)? {
            Why::Refused => StoreError::Refused("their invoice is not paid".into()),
            Why::Failed => StoreError::Failed("their row is locked by another table".to_owned()),
            Why::Unavailable => StoreError::unavailable("the network is away"),
        })
    }
}

/// So many people who have not confirmed in time, in the order in which the store
/// lists them.
async fn late(people: usize) -> (World, Kept, Vec<UserId>) {
    let world = World::unlimited().await;
    let kept = Kept::default();
    let of_store = kept.clone();
    world
        .store
        .refuse(move |changes| changes.list().iter().find_map(|change| of_store.why_not(change)));
    for n in 0..people {
        world.register(&format!("ann{n}")).await;
    }
    world.later(30 * DAY);
    let ids = listed(&world).await;
    assert_eq!(ids.len(), people);
    world.store.take_calls();
    (world, kept, ids)
}

async fn listed(world: &World) -> Vec<UserId> {
    let users = world.store.unconfirmed_users(world.now(), 1000).await.unwrap();
    users.into_iter().map(|user| user.id).collect()
}

#[tokio::test]
async fn whom_a_host_keeps_is_in_nobodys_way_however_many_they_are() {
    let (world, kept, ids) = late(502).await;
    kept.keep(&ids[..500], Why::Refused);
    world.auth.purge().await.unwrap();
    assert_eq!(world.store.take_calls().applies, 502, "each is tried once");
    assert_eq!(listed(&world).await, ids[..500]);

    kept.let_go(&ids[499]);
    world.store.take_calls();
    world.auth.purge().await.unwrap();
    assert_eq!(world.store.take_calls().applies, 500, "each is tried once");
    assert_eq!(listed(&world).await, ids[..499]);
}

#[tokio::test]
async fn an_account_that_cannot_be_deleted_keeps_nothing_else_from_going() {
    let (world, kept, ids) = late(3).await;
    kept.keep(&ids[..1], Why::Failed);
    let removed = world.auth.purge().await.unwrap();
    assert_eq!(listed(&world).await, ids[..1]);
    assert!(removed > 2, "what was theirs goes too, not only {removed} people");
    kept.let_go(&ids[0]);
    world.auth.purge().await.unwrap();
    assert_eq!(listed(&world).await, []);
}

#[tokio::test]
async fn nobody_else_is_tried_once_the_store_is_away() {
    let (world, kept, ids) = late(3).await;
    kept.keep(&ids[..1], Why::Unavailable);
    assert!(is_unavailable(world.auth.purge().await.unwrap_err()));
    assert_eq!(listed(&world).await, ids);
    assert_eq!(world.store.take_calls().applies, 1);
}
