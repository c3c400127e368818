//! Identities at providers.

use std::sync::Arc;

use super::fixture::{DAY, Fixture, HOUR, MS, NOW, read};
use super::show::same;
use crate::model::identity::{Identity, MAX_ISSUER, MAX_SUBJECT};
use crate::model::ids::UserId;
use crate::store::{Change, Guard, Store};

fn link(identity: &Identity) -> Change {
    Change::LinkIdentity(Box::new(identity.clone()))
}

fn use_as(identity: &Identity, user_id: &UserId) -> Change {
    Change::UseIdentity {
        user_id: user_id.clone(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        at: NOW + HOUR,
    }
}

fn unlink(identity: &Identity, user_id: &UserId) -> Change {
    Change::UnlinkIdentity { user_id: user_id.clone(), id: identity.id.clone() }
}

pub async fn every_field_of_an_identity_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let full = Identity {
        issuer: format!("https://{}", "i".repeat(MAX_ISSUER - 8)),
        subject: "S".repeat(MAX_SUBJECT),
        provider: "Über 😀".to_owned(),
        email: Some("josé@example.com".to_owned()),
        created_at: NOW - DAY,
        last_used_at: Some(NOW - MS),
        ..fixture.identity(&ann, "")
    };
    let empty = Identity { email: None, ..fixture.identity(&ann, "0") };
    for identity in [&full, &empty] {
        fixture.applied([link(identity)]).await;
        let found = fixture.store.identity(&identity.issuer, &identity.subject).await;
        same("the identity", &read(found), &Some(identity.clone()));
    }
    same("all", &read(fixture.store.identities(&ann).await), &vec![full, empty]);
    same("none", &read(fixture.store.identity("https://nobody", "0").await), &None);
}

pub async fn issuer_and_subject_are_linked_once_and_told_apart_byte_by_byte(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let first = fixture.identity(&ann, "a");
    fixture.applied([link(&first)]).await;
    for user in [&ann, &bob] {
        fixture.refused(Guard::Identity, [link(&fixture.identity(user, "a"))]).await;
    }
    let elsewhere = Identity { issuer: first.issuer.to_uppercase(), ..fixture.identity(&bob, "a") };
    for other in [fixture.identity(&bob, "A"), fixture.identity(&bob, "a "), elsewhere] {
        fixture.applied([link(&other)]).await;
    }
    same("Ann's", &read(fixture.store.identities(&ann).await), &vec![first]);
}

pub async fn an_identity_is_used_and_unlinked_by_the_one_who_has_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let identity = fixture.identity(&ann, "a");
    fixture.refused(Guard::Identity, [use_as(&identity, &ann)]).await;
    fixture.refused(Guard::Identity, [unlink(&identity, &ann)]).await;
    fixture.applied([link(&identity)]).await;
    fixture.refused(Guard::Identity, [use_as(&identity, &bob)]).await;
    fixture.refused(Guard::Identity, [unlink(&identity, &bob)]).await;
    fixture.applied([use_as(&identity, &ann)]).await;
    let used = Identity { last_used_at: Some(NOW + HOUR), ..identity.clone() };
    same("the used one", &read(fixture.store.identities(&ann).await), &vec![used]);
    fixture.applied([unlink(&identity, &ann)]).await;
    fixture.refused(Guard::Identity, [use_as(&identity, &ann)]).await;
    // It is anybody's again.
    fixture.applied([link(&fixture.identity(&bob, "a"))]).await;
}

pub async fn all_of_a_users_identities_are_unlinked_or_those_since_a_time(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let bobs = fixture.identity(&bob, "bob");
    let at = |subject: &str, created_at| Identity { created_at, ..fixture.identity(&ann, subject) };
    let (old, new, newest) = (at("1", NOW - MS), at("2", NOW), at("3", NOW + MS));
    for identity in [&bobs, &old, &new, &newest] {
        fixture.applied([link(identity)]).await;
    }
    let unlink = |since| Change::UnlinkIdentities { user_id: ann.clone(), since };
    fixture.applied([unlink(Some(NOW))]).await;
    same("the old one", &read(fixture.store.identities(&ann).await), &vec![old]);
    // A list takes the old ones and keeps the one it adds.
    fixture.applied([link(&new), unlink(None)]).await;
    same("the added one", &read(fixture.store.identities(&ann).await), &vec![new]);
    fixture.applied([unlink(None)]).await;
    same("none", &read(fixture.store.identities(&ann).await), &vec![]);
    same("Bob's", &read(fixture.store.identities(&bob).await), &vec![bobs]);
}
