//! Passkeys: one user's only, and used by the counter that was read.

use std::sync::Arc;

use super::fixture::{DAY, Fixture, MS, NOW, SECOND, read};
use super::show::same;
use crate::model::ids::{PasskeyId, UserId};
use crate::model::passkey::{MAX_PASSKEYS, Passkey};
use crate::store::{Change, Guard, Store};

fn add(passkey: &Passkey) -> Change {
    Change::InsertPasskey(Box::new(passkey.clone()))
}

fn used(passkey: &Passkey, user: &UserId, counter: i64, to: i64) -> Change {
    Change::UsePasskey {
        id: passkey.id.clone(),
        user_id: user.clone(),
        counter,
        to,
        backed_up: true,
        at: NOW + SECOND,
    }
}

fn rename(passkey: &Passkey, user: &UserId, name: &str) -> Change {
    let (id, user_id) = (passkey.id.clone(), user.clone());
    Change::RenamePasskey { id, user_id, name: name.to_owned() }
}

fn remove(passkey: &Passkey, user: &UserId) -> Change {
    Change::RemovePasskey { id: passkey.id.clone(), user_id: user.clone() }
}

async fn are(fixture: &Fixture, user: &UserId, expected: &[&Passkey]) {
    let found = read(fixture.store.passkeys(std::slice::from_ref(user)).await);
    let expected: Vec<Passkey> = expected.iter().map(|&passkey| passkey.clone()).collect();
    same("the passkeys", &found, &expected);
    for passkey in expected {
        let found = read(fixture.store.passkey(&passkey.id).await);
        same("the passkey", &found, &Some(passkey));
    }
}

pub async fn every_field_of_a_passkey_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let empty = fixture.passkey(&ann);
    let full = Passkey {
        name: "José's 😀 ".repeat(8),
        credential: format!("{{\"key\":\"{}\"}}", "k".repeat(6000)),
        counter: i64::from(u32::MAX),
        backed_up: true,
        created_at: NOW + MS,
        last_used_at: Some(NOW + DAY),
        ..fixture.passkey(&ann)
    };
    fixture.applied([add(&empty), add(&full)]).await;
    are(&fixture, &ann, &[&empty, &full]).await;
    let unknown = read(fixture.store.passkey(&PasskeyId::of_credential(b"unknown")).await);
    same("an unknown passkey", &unknown, &None);
}

pub async fn a_passkey_is_one_users_only(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let passkey = fixture.passkey(&ann);
    fixture.applied([add(&passkey)]).await;
    fixture.refused(Guard::Exists, [add(&passkey)]).await;
    let stolen = Passkey { user_id: bob.clone(), ..passkey.clone() };
    fixture.refused(Guard::Exists, [add(&stolen)]).await;
    are(&fixture, &ann, &[&passkey]).await;
    are(&fixture, &bob, &[]).await;
}

pub async fn a_passkey_is_used_by_the_counter_that_was_read(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let mut passkey = fixture.passkey(&ann);
    fixture.applied([add(&passkey)]).await;
    // One that never counts.
    fixture.applied([used(&passkey, &ann, 0, 0)]).await;
    fixture.applied([used(&passkey, &ann, 0, 0)]).await;
    fixture.applied([used(&passkey, &ann, 0, 7)]).await;
    fixture.refused(Guard::Passkey, [used(&passkey, &ann, 0, 8)]).await;
    fixture.refused(Guard::Passkey, [used(&passkey, &bob, 7, 8)]).await;
    fixture.refused(Guard::Passkey, [used(&fixture.passkey(&ann), &ann, 0, 1)]).await;
    passkey.counter = 7;
    passkey.backed_up = true;
    passkey.last_used_at = Some(NOW + SECOND);
    are(&fixture, &ann, &[&passkey]).await;
}

pub async fn a_passkey_is_named_and_removed_by_its_own_user(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let (mut one, other) = (fixture.passkey(&ann), fixture.passkey(&ann));
    let bobs = fixture.passkey(&bob);
    fixture.applied([add(&one), add(&other), add(&bobs)]).await;
    fixture.refused(Guard::Passkey, [rename(&one, &bob, "mine")]).await;
    fixture.refused(Guard::Passkey, [remove(&one, &bob)]).await;
    // The same name twice finds its row both times.
    fixture.applied([rename(&one, &ann, "Phone")]).await;
    fixture.applied([rename(&one, &ann, "Phone")]).await;
    fixture.applied([remove(&other, &ann)]).await;
    fixture.refused(Guard::Passkey, [remove(&other, &ann)]).await;
    fixture.refused(Guard::Passkey, [rename(&other, &ann, "gone")]).await;
    one.name = "Phone".to_owned();
    are(&fixture, &ann, &[&one]).await;
    // A list removes the old ones and keeps the one it adds.
    let added = fixture.passkey(&ann);
    let all = || Change::RemovePasskeys { user_id: ann.clone(), since: None };
    fixture.applied([add(&added), all()]).await;
    are(&fixture, &ann, &[&added]).await;
    fixture.applied([all()]).await;
    fixture.applied([all()]).await;
    are(&fixture, &ann, &[]).await;
    are(&fixture, &bob, &[&bobs]).await;
}

pub async fn the_passkeys_of_many_users_are_read_at_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mut owners = Vec::new();
    for name in ["ann", "bob", "cid"] {
        owners.push(fixture.add_user(name).await.id);
    }
    owners.sort();
    let mut expected = Vec::new();
    for owner in &owners[..2] {
        let mut theirs: Vec<Passkey> = (0_u32..)
            .take(MAX_PASSKEYS)
            .map(|n| Passkey { created_at: NOW + (n % 3) * MS, ..fixture.passkey(owner) })
            .collect();
        fixture.applied(theirs.iter().map(add).collect::<Vec<_>>()).await;
        theirs.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        expected.extend(theirs);
    }
    let asked: Vec<UserId> = owners.iter().rev().chain([&owners[0]]).cloned().collect();
    same("all", &read(fixture.store.passkeys(&asked).await), &expected);
    let one = &expected[MAX_PASSKEYS..];
    same("one", &read(fixture.store.passkeys(&owners[1..2]).await), &one.to_vec());
    same("none", &read(fixture.store.passkeys(&owners[2..]).await), &vec![]);
    same("nothing", &read(fixture.store.passkeys(&[]).await), &vec![]);
}
