//! Purge: what is over goes, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use super::fixture::{
    DAY, EARLY, Fixture, HOUR, MS, NOW, SECOND, claim, insert_user, read, username_id,
};
use super::show::same;
use super::snapshot::same_reads;
use super::world::World;
use crate::clock::Timestamp;
use crate::model::identifier::Identifier;
use crate::model::identity::Identity;
use crate::model::ids::UserId;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::store::{
    COMMIT_ID_LIFE, Change, DEVICE_LIFE, EXPIRED_TOKEN_LIFE, Guard, Hit, OutboxDepth, Store,
    StoreError,
};

/// Purges until nothing is over, and says how many rows went.
async fn purge_all(fixture: &Fixture, now: Timestamp, limit: usize) -> u64 {
    let mut total = 0;
    for _ in 0..500 {
        match read(fixture.store.purge(now, limit).await) {
            0 => return total,
            purged => total += purged,
        }
    }
    panic!("after 500 purges of {limit} there is still something to purge");
}

fn session_until(fixture: &Fixture, user: &UserId, expires_at: Timestamp) -> Session {
    Session { expires_at, ..fixture.session(user) }
}

pub async fn purge_leaves_what_is_not_over(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    World::build(&fixture).await;
    let hit = [Hit { key: "key".to_owned(), window: HOUR }];
    read(fixture.store.hit(&hit, NOW).await);
    let before = fixture.everything(EARLY).await;
    let purged = read(fixture.store.purge(NOW + MS, 1000).await);
    assert_eq!(purged, 0, "nothing is over");
    same_reads("after a purge", &fixture.everything(EARLY).await, &before);
    let count = read(fixture.store.hit(&hit, NOW + MS).await);
    assert_eq!(count[0].count, 2, "the counter's window is open");
}

pub async fn expired_sessions_are_purged(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let live = session_until(&fixture, &ann, NOW + MS);
    let expired = [NOW, NOW - MS, NOW - DAY].map(|end| session_until(&fixture, &ann, end));
    let list = expired.iter().chain([&live]);
    fixture
        .applied(list.map(|s| Change::InsertSession(Box::new(s.clone()))).collect::<Vec<_>>())
        .await;
    assert_eq!(purge_all(&fixture, NOW, 1000).await, 3);
    let left = read(fixture.store.sessions(&ann, EARLY).await);
    same("the sessions that are left", &left, &vec![live]);
}

pub async fn holds_that_ended_are_purged(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let cases = [
        ("for good", None, true),
        ("to come", Some(NOW + MS), true),
        ("now", Some(NOW), false),
        ("past", Some(NOW - DAY), false),
    ];
    for user in [Some(&ann), None] {
        for (name, until, _) in cases {
            let name = username_id(&format!("{name} {}", user.is_some()));
            fixture.applied([claim(&name, user, until)]).await;
        }
    }
    assert_eq!(purge_all(&fixture, NOW, 1000).await, 4);
    for user in [true, false] {
        for (name, _, stays) in cases {
            let name = format!("{name} {user}");
            let taken = read(fixture.store.is_taken(&username_id(&name), None, EARLY).await);
            assert_eq!(taken, stays, "{name}");
        }
    }
    let account = fixture.account(&ann).await;
    assert_eq!(account.user.username.as_str(), "ann", "the user stays");
}

pub async fn counters_whose_window_ended_are_purged(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let hit = |key: &str, window| Hit { key: key.to_owned(), window };
    let hits = [hit("long", DAY), hit("short", SECOND)];
    read(fixture.store.hit(&hits, NOW).await);
    assert_eq!(purge_all(&fixture, NOW + SECOND - MS, 1000).await, 0);
    assert_eq!(purge_all(&fixture, NOW + SECOND, 1000).await, 1);
    let counts = read(fixture.store.hit(&hits, NOW + SECOND).await);
    assert_eq!([counts[0].count, counts[1].count], [2, 1]);
}

pub async fn a_list_is_remembered_for_an_hour(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let changes = fixture.list(fixture.registration(&fixture.user("ann"), None));
    read(fixture.store.apply(&changes).await);
    purge_all(&fixture, NOW + COMMIT_ID_LIFE - MS, 1000).await;
    read(fixture.store.apply(&changes).await);
    let purged = purge_all(&fixture, NOW + COMMIT_ID_LIFE + MS, 1000).await;
    assert_eq!(purged, 1, "the commit id");
    match fixture.store.apply(&changes).await {
        Err(StoreError::Conflict(Guard::Exists)) => {}
        other => panic!("expected Conflict(Exists), found {other:?}"),
    }
}

pub async fn tokens_are_kept_for_a_week_after_their_expiry(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let expired = |since: Duration, user: bool| Token {
        user_id: user.then(|| ann.clone()),
        created_at: NOW - DAY * 30,
        expires_at: NOW - since,
        ..fixture.token(&ann, Purpose::Reset)
    };
    let kept = [
        expired(EXPIRED_TOKEN_LIFE - MS, true),
        expired(MS, false),
        fixture.token(&ann, Purpose::Reset),
        Token { used_at: Some(NOW - DAY * 29), ..expired(DAY, true) },
    ];
    let gone = [expired(EXPIRED_TOKEN_LIFE + MS, true), expired(EXPIRED_TOKEN_LIFE + MS, false)];
    let list = kept.iter().chain(&gone);
    fixture.applied(list.cloned().map(Change::InsertToken).collect::<Vec<_>>()).await;
    assert_eq!(purge_all(&fixture, NOW, 1000).await, 2);
    for token in &kept {
        fixture.token_is(token).await;
    }
    for token in &gone {
        same("a token", &read(fixture.store.token(token.id).await), &None);
    }
}

pub async fn devices_are_forgotten_a_year_after_their_last_use(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let now = NOW + DEVICE_LIFE;
    let remember = |device: &str, at| Change::RememberDevice {
        user_id: ann.clone(),
        device: device.to_owned(),
        at,
    };
    for (device, at) in [("unused", NOW - MS), ("used", NOW - DAY), ("used", NOW + MS)] {
        fixture.applied([remember(device, at)]).await;
    }
    purge_all(&fixture, now, 1000).await;
    for (device, stays) in [("unused", false), ("used", true)] {
        let known = read(fixture.store.knows_device(&ann, device).await);
        assert_eq!(known.this, stays, "{device}");
    }
}

pub async fn a_deleted_user_is_purged_with_all_that_was_theirs(store: Arc<dyn Store>) {
    purge_a_deleted_user(&Fixture::new(store), 1000).await;
}

pub async fn a_deleted_user_is_purged_row_by_row_where_the_limit_is_small(store: Arc<dyn Store>) {
    purge_a_deleted_user(&Fixture::new(store), 1).await;
}

async fn purge_a_deleted_user(fixture: &Fixture, limit: usize) {
    let world = World::build(fixture).await;
    let ann = world.ann.id.clone();
    fixture.applied([Change::DeleteUser { id: ann.clone(), epoch: 0, at: NOW }]).await;
    assert!(purge_all(fixture, NOW, limit).await > 0);

    let store = &fixture.store;
    for token in [&world.reset, &world.confirmation] {
        same("a token", &read(store.token(token.id).await), &None);
    }
    same("sessions", &read(store.sessions(&ann, EARLY).await), &vec![]);
    assert_eq!(read(store.recovery_codes_left(&ann).await), 0);
    same("passkeys", &read(store.passkeys(std::slice::from_ref(&ann)).await), &vec![]);
    same("a passkey", &read(store.passkey(&world.passkeys[0].id).await), &None);
    assert!(!read(store.knows_device(&ann, "phone").await).any);
    for Identity { issuer, subject, .. } in &world.identities {
        same("an identity", &read(store.identity(issuer, subject).await), &None);
    }
    for name in [Identifier::email(&world.ann.email), username_id("ann"), world.reserved.clone()] {
        assert!(!read(store.is_taken(&name, None, EARLY).await), "{name:?}");
    }
    let depth = OutboxDepth { waiting: 1, oldest: Some(NOW), ..OutboxDepth::default() };
    same("the outbox", &read(store.outbox_depth().await), &depth);
    let log = read(store.audit(&ann, None, 9).await);
    same("the audit log", &log, &vec![world.entry.clone()]);

    // The tombstone is gone, and no factor waits for the next one with this id.
    fixture.applied([insert_user(&world.ann, None)]).await;
    same("the factor", &fixture.account(&ann).await.totp, &None);

    // The other user lost nothing.
    let bob = &world.bob.id;
    same("Bob", &fixture.account(bob).await.user, &world.bob);
    fixture.token_is(&world.bobs_token).await;
    fixture.session_is(&world.bobs_session).await;
    assert_eq!(read(store.recovery_codes_left(bob).await), 2);
    let identities = read(store.identities(bob).await);
    same("Bob's identities", &identities, &vec![world.bobs_identity.clone()]);
    let passkeys = read(store.passkeys(std::slice::from_ref(bob)).await);
    same("Bob's passkey", &passkeys, &vec![world.bobs_passkey.clone()]);
    assert!(read(store.knows_device(bob, "phone").await).this);
    assert!(read(store.is_taken(&username_id("bob"), None, EARLY).await));
}

pub async fn a_purge_stops_at_about_its_limit(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let sessions: Vec<Change> = (0..50)
        .map(|_| Change::InsertSession(Box::new(session_until(&fixture, &ann, NOW))))
        .collect();
    fixture.applied(sessions).await;
    let purged = read(fixture.store.purge(NOW, 10).await);
    let left = read(fixture.store.sessions(&ann, EARLY).await).len();
    assert!((1..=20).contains(&purged), "{purged} purged, limit 10");
    assert!(left >= 30, "{left} left of 50, limit 10");
    purge_all(&fixture, NOW, 10).await;
    let left = read(fixture.store.sessions(&ann, EARLY).await);
    same("what is left", &left, &vec![]);
}
