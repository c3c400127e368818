//! Sessions: one successor a generation, none past its time, no more than a hundred.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::fixture::{DAY, Fixture, HOUR, MS, NOW, SECOND, read};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::ids::{SessionId, UserId};
use crate::model::session::{MAX_SESSIONS, Session};
use crate::store::{Change, Guard, Store};

fn insert(session: &Session) -> Change {
    Change::InsertSession(Box::new(session.clone()))
}

fn rotate(session: &Session, generation: i64, now: Timestamp) -> Change {
    Change::RotateSession {
        id: session.id,
        generation,
        to: generation + 1,
        now,
        expires_at: now + 30 * DAY,
        ip: None,
        user_agent: None,
    }
}

fn end(session: &Session, user: &UserId, generation: Option<i64>) -> Change {
    Change::EndSession { id: session.id, user_id: user.clone(), generation }
}

async fn is_there(fixture: &Fixture, session: &Session, now: Timestamp) -> bool {
    read(fixture.store.session(session.id, now).await).is_some()
}

pub async fn every_field_of_a_session_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let full = Session {
        generation: i64::MAX,
        rotated_at: Some(NOW - MS),
        received: Some(i64::MAX),
        received_at: Some(NOW - SECOND),
        replayed: Some(i64::MAX - 1),
        replays: 2,
        created_at: NOW - DAY,
        last_seen_at: NOW - HOUR,
        auth_time: NOW - SECOND,
        amr: ["pwd", "otp", "mfa"].map(str::to_owned).to_vec(),
        ip: Some(IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0xffff, 0, 0, 0xabcd, 1))),
        user_agent: Some(format!("Mozilla/5.0 (\"X\"; 'Y') 😀 {}", "ü".repeat(220))),
        ..fixture.session(&ann.id)
    };
    let empty = Session {
        amr: Vec::new(),
        ip: None,
        user_agent: None,
        generation: -1,
        ..fixture.session(&ann.id)
    };
    let mut rows = vec![full, empty];
    for ip in [
        IpAddr::from(Ipv4Addr::BROADCAST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::UNSPECIFIED),
        IpAddr::from(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped()),
    ] {
        rows.push(Session {
            ip: Some(ip),
            user_agent: Some(String::new()),
            ..fixture.session(&ann.id)
        });
    }
    for bytes in [[0; 16], [0xff; 16]] {
        rows.push(Session { id: SessionId::from_bytes(bytes), ..fixture.session(&ann.id) });
    }
    for session in rows {
        fixture.applied([insert(&session)]).await;
        fixture.session_is(&session).await;
        let found = read(fixture.store.session(session.id, NOW).await);
        same("session", &found, &Some((session.clone(), ann.clone())));
        let found = read(fixture.store.user_with_session(&ann.id, session.id, NOW).await);
        let expected = Some((ann.clone(), Some(session)));
        same("user_with_session", &found, &expected);
    }
    let unknown = read(fixture.store.session(SessionId::generate(&fixture.rng), NOW).await);
    same("an unknown session", &unknown, &None);
}

pub async fn a_session_id_is_taken_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let session = fixture.session(&ann.id);
    fixture.applied([insert(&session)]).await;
    for user in [&ann, &bob] {
        let other = Session { id: session.id, generation: 7, ..fixture.session(&user.id) };
        fixture.refused(Guard::Exists, [insert(&other)]).await;
    }
}

pub async fn a_session_ends_at_its_expiry_and_not_before(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let session = fixture.session(&ann.id);
    fixture.applied([insert(&session)]).await;
    let expiry = session.expires_at;
    for (now, there) in [(expiry - MS, true), (expiry, false), (expiry + MS, false)] {
        assert_eq!(is_there(&fixture, &session, now).await, there, "at {now}");
        let listed = read(fixture.store.sessions(&ann.id, now).await).len();
        assert_eq!(listed, usize::from(there), "the list at {now}");
    }
    for now in [expiry, expiry + DAY] {
        fixture.refused(Guard::Session, [rotate(&session, 0, now)]).await;
    }
    fixture.applied([rotate(&session, 0, expiry - MS)]).await;
    assert!(is_there(&fixture, &session, expiry).await, "with a new expiry");
}

pub async fn a_rotation_moves_a_session_to_the_named_generation(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let mut session = fixture.session(&ann.id);
    let other = fixture.session(&ann.id);
    fixture.applied([insert(&session), insert(&other)]).await;

    let now = NOW + HOUR;
    fixture.applied([rotate(&session, 0, now)]).await;
    session = Session {
        generation: 1,
        rotated_at: Some(now),
        last_seen_at: now,
        expires_at: now + 30 * DAY,
        ..session
    };
    fixture.session_is(&session).await;

    let ip = IpAddr::from(Ipv6Addr::LOCALHOST);
    fixture
        .applied([Change::RotateSession {
            id: session.id,
            generation: 1,
            to: 9,
            now: now + MS,
            expires_at: now + DAY,
            ip: Some(ip),
            user_agent: Some("other/2".to_owned()),
        }])
        .await;
    session = Session {
        generation: 9,
        rotated_at: Some(now + MS),
        last_seen_at: now + MS,
        expires_at: now + DAY,
        ip: Some(ip),
        user_agent: Some("other/2".to_owned()),
        ..session
    };
    fixture.session_is(&session).await;
    fixture.session_is(&other).await;
}

pub async fn a_session_that_keeps_its_generation_was_not_rotated(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let mut session = fixture.session(&ann.id);
    fixture.applied([insert(&session)]).await;
    for rotated_at in [None, Some(NOW + HOUR)] {
        if rotated_at.is_some() {
            fixture.applied([rotate(&session, 0, NOW + HOUR)]).await;
            session.generation = 1;
        }
        let now = NOW + 2 * HOUR;
        fixture
            .applied([Change::RotateSession {
                id: session.id,
                generation: session.generation,
                to: session.generation,
                now,
                expires_at: now + DAY,
                ip: None,
                user_agent: None,
            }])
            .await;
        session = Session { rotated_at, last_seen_at: now, expires_at: now + DAY, ..session };
        fixture.session_is(&session).await;
    }
}

pub async fn a_rotation_needs_the_generation_that_was_read(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let session = fixture.session(&ann.id);
    fixture.applied([insert(&session)]).await;
    for generation in [1, -1] {
        fixture.refused(Guard::Session, [rotate(&session, generation, NOW)]).await;
    }
    fixture.applied([rotate(&session, 0, NOW)]).await;
    fixture.refused(Guard::Session, [rotate(&session, 0, NOW)]).await;
    let unknown = fixture.session(&ann.id);
    fixture.refused(Guard::Session, [rotate(&unknown, 0, NOW)]).await;
}

fn receive(session: &Session, generation: i64, now: Timestamp) -> Change {
    Change::ReceiveSession { id: session.id, generation, now }
}

fn replay(session: &Session, generation: i64, replayed: i64, now: Timestamp) -> Change {
    Change::ReplaySession { id: session.id, generation, replayed, replays: 1, now }
}

pub async fn a_generation_is_received_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let mut session = fixture.session(&ann.id);
    let other = fixture.session(&ann.id);
    fixture.applied([insert(&session), insert(&other)]).await;
    fixture.refused(Guard::Session, [receive(&session, 1, NOW)]).await;
    fixture.refused(Guard::Session, [receive(&session, 0, session.expires_at)]).await;
    fixture.refused(Guard::Session, [receive(&fixture.session(&ann.id), 0, NOW)]).await;
    fixture.applied([receive(&session, 0, NOW)]).await;
    session = Session { received: Some(0), received_at: Some(NOW), ..session };
    fixture.session_is(&session).await;
    fixture.refused(Guard::Session, [receive(&session, 0, NOW + MS)]).await;
    fixture.session_is(&session).await;

    let now = NOW + HOUR;
    fixture.applied([rotate(&session, 0, now)]).await;
    fixture.refused(Guard::Session, [receive(&session, 0, now)]).await;
    fixture.applied([receive(&session, 1, now)]).await;
    session = Session {
        generation: 1,
        rotated_at: Some(now),
        received: Some(1),
        received_at: Some(now),
        last_seen_at: now,
        expires_at: now + 30 * DAY,
        ..session
    };
    fixture.session_is(&session).await;
    fixture.session_is(&other).await;
}

pub async fn a_generation_is_replayed_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let mut session = Session { generation: 5, ..fixture.session(&ann.id) };
    let other = fixture.session(&ann.id);
    fixture.applied([insert(&session), insert(&other)]).await;
    fixture.refused(Guard::Session, [replay(&session, 4, 3, NOW)]).await;
    fixture.refused(Guard::Session, [replay(&session, 5, 4, session.expires_at)]).await;
    fixture.refused(Guard::Session, [replay(&fixture.session(&ann.id), 0, -1, NOW)]).await;
    fixture.applied([replay(&session, 5, 4, NOW)]).await;
    for replayed in [4, 3] {
        fixture.refused(Guard::Session, [replay(&session, 5, replayed, NOW)]).await;
    }
    session = Session { replayed: Some(4), replays: 1, ..session };
    fixture.session_is(&session).await;
    fixture.applied([rotate(&session, 5, NOW)]).await;
    let change =
        Change::ReplaySession { id: session.id, generation: 6, replayed: 5, replays: 2, now: NOW };
    fixture.applied([change]).await;
    session = Session {
        generation: 6,
        rotated_at: Some(NOW),
        replayed: Some(5),
        replays: 2,
        last_seen_at: NOW,
        expires_at: NOW + 30 * DAY,
        ..session
    };
    fixture.session_is(&session).await;
    fixture.session_is(&other).await;
}

pub async fn a_session_is_ended_by_its_own_user(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let [first, second, third] = [0; 3].map(|_| fixture.session(&ann.id));
    fixture.applied([&first, &second, &third].map(insert)).await;

    fixture.refused(Guard::Session, [end(&first, &bob.id, None)]).await;
    fixture.refused(Guard::Session, [end(&first, &ann.id, Some(1))]).await;
    fixture.applied([end(&first, &ann.id, Some(0))]).await;
    fixture.applied([end(&second, &ann.id, None)]).await;
    for (session, there) in [(&first, false), (&second, false), (&third, true)] {
        assert_eq!(is_there(&fixture, session, NOW).await, there);
    }
    fixture.refused(Guard::Session, [end(&first, &ann.id, None)]).await;
    fixture.refused(Guard::Session, [rotate(&first, 0, NOW)]).await;
}

pub async fn all_of_a_users_sessions_end_but_the_one_excepted(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let [first, second, kept] = [0; 3].map(|_| fixture.session(&ann.id));
    let bobs = fixture.session(&bob.id);
    fixture.applied([&first, &second, &kept, &bobs].map(insert)).await;
    let end_all = |except| Change::EndSessions { user_id: ann.id.clone(), except };

    fixture.applied([end_all(Some(kept.id))]).await;
    let left = read(fixture.store.sessions(&ann.id, NOW).await);
    same("all but one", &left, &vec![kept.clone()]);
    fixture.applied([end_all(Some(bobs.id))]).await;
    let left = read(fixture.store.sessions(&ann.id, NOW).await);
    same("all, for the excepted is another's", &left, &vec![]);
    assert!(is_there(&fixture, &bobs, NOW).await, "another user's session");
    fixture.applied([end_all(None)]).await;
}

pub async fn a_list_ends_the_old_sessions_and_keeps_the_one_it_adds(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let [old, new] = [0; 2].map(|_| fixture.session(&ann.id));
    fixture.applied([insert(&old)]).await;
    fixture
        .applied([insert(&new), Change::EndSessions { user_id: ann.id.clone(), except: None }])
        .await;
    let left = read(fixture.store.sessions(&ann.id, NOW).await);
    same("the sessions", &left, &vec![new]);
}

pub async fn sessions_are_listed_by_their_last_use(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let seen = |user: &UserId, last_seen_at| Session { last_seen_at, ..fixture.session(user) };
    let middle = seen(&ann.id, NOW + 2 * SECOND);
    let last = seen(&ann.id, NOW + SECOND);
    let first = seen(&ann.id, NOW + 3 * SECOND);
    let expired = Session { expires_at: NOW, ..seen(&ann.id, NOW + 4 * SECOND) };
    let bobs = seen(&bob.id, NOW + 5 * SECOND);
    fixture.applied([&middle, &last, &first, &expired, &bobs].map(insert)).await;
    let listed = read(fixture.store.sessions(&ann.id, NOW).await);
    same("the list", &listed, &vec![first, middle, last]);
}

pub async fn one_session_too_many_ends_the_one_used_least_recently(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let seen = |user: &UserId, number: usize| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        Session { last_seen_at: NOW + number * SECOND, ..fixture.session(user) }
    };
    let bobs = seen(&bob.id, 0);
    let mut sessions: Vec<Session> = (1..=MAX_SESSIONS).map(|n| seen(&ann.id, n)).collect();
    let mut list: Vec<Change> = sessions.iter().map(insert).collect();
    list.push(insert(&bobs));
    fixture.applied(list).await;
    let count = read(fixture.store.sessions(&ann.id, NOW).await).len();
    assert_eq!(count, MAX_SESSIONS, "so many may stay");

    // The newest by last use, then one that is older than all of the others:
    // it stays nevertheless.
    for added in [seen(&ann.id, MAX_SESSIONS + 1), seen(&ann.id, 0)] {
        fixture.applied([insert(&added)]).await;
        sessions.sort_by_key(|session| session.last_seen_at);
        let evicted = sessions.remove(0);
        sessions.push(added);
        sessions.sort_by_key(|session| std::cmp::Reverse(session.last_seen_at));
        let listed = read(fixture.store.sessions(&ann.id, NOW).await);
        same("the sessions that stay", &listed, &sessions);
        assert!(!is_there(&fixture, &evicted, NOW).await, "evicted, not hidden");
    }
    assert!(is_there(&fixture, &bobs, NOW).await, "another user's session");
}
