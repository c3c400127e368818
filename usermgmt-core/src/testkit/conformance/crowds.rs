//! Many at once who do not want the same: nothing is lost, nobody fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::fixture::{EARLY, Fixture, HOUR, MS, NOW, read, readable};
use super::race::{RACERS, race, race_lists};
use super::show::same;
use crate::model::factor::SealedSecret;
use crate::model::ids::{LeaseId, MailId, UserId};
use crate::model::session::{MAX_SESSIONS, Session};
use crate::model::user::User;
use crate::store::{Change, Changes, Guard, Hit, Store};

pub async fn no_mail_is_claimed_by_two_workers(store: Arc<dyn Store>) {
    const MAILS: usize = 60;
    let fixture = Fixture::new(store);
    let mails: Vec<Change> =
        (0..MAILS).map(|_| Change::InsertMail(Box::new(fixture.mail(None)))).collect();
    fixture.applied(mails).await;
    let claims = race((0..RACERS).map(|_| {
        let store = Arc::clone(&fixture.store);
        let lease = LeaseId::generate(&fixture.rng);
        async move { readable(store.claim_mail(lease, NOW, NOW + HOUR, 5).await) }
    }))
    .await;
    let mut seen: BTreeSet<MailId> = BTreeSet::new();
    for claim in &claims {
        assert!(claim.len() <= 5, "a claim of {}", claim.len());
    }
    // Workers may step aside for each other, so the rest is fetched afterwards.
    let (_, rest) = fixture.claim(NOW, MAILS).await;
    for mail in claims.into_iter().flatten().chain(rest) {
        assert!(seen.insert(mail.id.clone()), "{} was claimed twice", mail.id);
    }
    assert_eq!(seen.len(), MAILS, "every mail was claimed");
}

pub async fn every_one_of_many_attempts_is_counted(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let hits = ["a", "b"].map(|key| Hit { key: key.to_owned(), window: HOUR });
    for round in 1..=2 {
        let counts = race((0..RACERS).map(|_| {
            let (store, hits) = (Arc::clone(&fixture.store), hits.clone());
            async move { read(store.hit(&hits, NOW).await) }
        }))
        .await;
        let last = i64::try_from(round * RACERS).unwrap_or(i64::MAX);
        let first = last - i64::try_from(RACERS).unwrap_or(0) + 1;
        for key in 0..2 {
            let mut numbers: Vec<i64> = counts.iter().map(|count| count[key].count).collect();
            numbers.sort_unstable();
            let expected: Vec<i64> = (first..=last).collect();
            assert_eq!(numbers, expected, "every attempt has a number of its own");
            for count in &counts {
                assert_eq!(count[key].resets_at, NOW + HOUR, "one window for all");
            }
        }
    }
}

pub async fn every_one_of_many_attempts_is_given_back(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let hits = [Hit { key: "key".to_owned(), window: HOUR }];
    for _ in 0..RACERS {
        read(fixture.store.hit(&hits, NOW).await);
    }
    race((0..RACERS).map(|_| {
        let store = Arc::clone(&fixture.store);
        async move { read(store.give_back(&["key".to_owned()]).await) }
    }))
    .await;
    let count = read(fixture.store.hit(&hits, NOW).await);
    assert_eq!(count[0].count, 1);
}

pub async fn no_session_survives_the_change_that_ends_them_all(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    for epoch in 0..5 {
        let mut lists: Vec<Changes> = (1..RACERS).map(|_| sign_in(&fixture, &ann, epoch)).collect();
        // In the middle, so that there are some on either side of it.
        lists.insert(
            RACERS / 2,
            fixture.list([
                Change::UpdateUser {
                    id: ann.clone(),
                    epoch,
                    raise_epoch: true,
                    at: NOW,
                    set: Box::default(),
                },
                Change::EndSessions { user_id: ann.clone(), except: None },
            ]),
        );
        for (number, answer) in race_lists(&fixture, lists).await.iter().enumerate() {
            let expected = match answer {
                Ok(()) => true,
                Err(error) => number != RACERS / 2 && error.guard() == Some(Guard::User),
            };
            assert!(expected, "list {number}: {answer:?}");
        }
        let left = read(fixture.store.sessions(&ann, EARLY).await);
        same("sessions that were left", &left, &vec![]);
    }
}

fn sign_in(fixture: &Fixture, user: &UserId, epoch: i64) -> Changes {
    fixture.list([
        Change::TouchUser { id: user.clone(), active: true, epoch },
        Change::InsertSession(Box::new(fixture.session(user))),
    ])
}

pub async fn many_sign_ins_at_once_leave_no_more_sessions_than_allowed(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let earlier: Vec<Change> = (1..MAX_SESSIONS)
        .map(|_| {
            let session = Session { last_seen_at: NOW - HOUR, ..fixture.session(&ann) };
            Change::InsertSession(Box::new(session))
        })
        .collect();
    fixture.applied(earlier).await;
    let lists = (0..RACERS).map(|_| sign_in(&fixture, &ann, 0)).collect();
    for answer in race_lists(&fixture, lists).await {
        read(answer);
    }
    let left = read(fixture.store.sessions(&ann, EARLY).await);
    assert_eq!(left.len(), MAX_SESSIONS);
    let new = left.iter().filter(|s| s.last_seen_at == NOW).count();
    assert_eq!(new, RACERS, "those that just signed in stay");
}

pub async fn many_lists_of_different_users_all_succeed(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let users: Vec<User> = (0..RACERS).map(|n| fixture.user(&format!("user{n}"))).collect();
    let lists = users.iter().map(|user| fixture.list(fixture.registration(user, None))).collect();
    for answer in race_lists(&fixture, lists).await {
        read(answer);
    }
    let listed = read(fixture.store.users(None, 100).await);
    assert_eq!(listed.len(), RACERS);
}

pub async fn lists_that_wait_for_each_other_are_both_applied(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let touch = |id: &UserId| Change::TouchUser { id: id.clone(), active: true, epoch: 0 };
    let lists = (0..RACERS)
        .map(|n| {
            let mut list = [touch(&ann), touch(&bob)];
            if n % 2 == 0 {
                list.reverse();
            }
            fixture.list(list)
        })
        .collect();
    for answer in race_lists(&fixture, lists).await {
        read(answer);
    }
}

pub async fn a_list_that_arrives_many_times_at_once_is_applied_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let changes = fixture.list([
        Change::UpdateUser {
            id: ann.clone(),
            epoch: 0,
            raise_epoch: true,
            at: NOW,
            set: Box::default(),
        },
        Change::InsertAudit(fixture.audit_entry(Some(&ann), "race")),
    ]);
    for answer in race_lists(&fixture, vec![changes; RACERS]).await {
        read(answer);
    }
    assert_eq!(fixture.account(&ann).await.user.epoch, 1);
    assert_eq!(read(fixture.store.audit(&ann, None, 9).await).len(), 1);
}

pub async fn purges_and_lists_at_once_all_succeed(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let users: Vec<User> = (0..RACERS).map(|n| fixture.user(&format!("user{n}"))).collect();
    let ann = fixture.add_user("ann").await.id;
    let expired = (0..RACERS).map(|_| {
        let session = Session { expires_at: NOW, ..fixture.session(&ann) };
        Change::InsertSession(Box::new(session))
    });
    fixture.applied(expired.collect::<Vec<_>>()).await;
    let answers = race(users.iter().enumerate().map(|(number, user)| {
        let store = Arc::clone(&fixture.store);
        let changes = fixture.list(fixture.registration(user, None));
        async move {
            if number % 4 == 0 {
                store.purge(NOW, 10).await?;
            }
            store.apply(&changes).await
        }
    }))
    .await;
    answers.into_iter().for_each(read);
    let listed = read(fixture.store.users(None, 100).await);
    assert_eq!(listed.len(), RACERS + 1);
}

pub async fn an_account_is_read_as_it_was_at_one_moment(store: Arc<dyn Store>) {
    const WRITES: u32 = 60;
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (store, ann, over) = (Arc::clone(&fixture.store), ann.clone(), Arc::clone(&over));
        readers.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let account = read(store.account(&ann).await);
                let seen = account.as_ref().map(|account| {
                    let factor = account.totp.as_ref().and_then(|totp| totp.pending.as_ref());
                    let made = factor.map_or(NOW, |secret| secret.created_at);
                    (account.user.epoch, made.as_millis() - NOW.as_millis())
                });
                assert!(
                    seen.is_some_and(|(epoch, factor)| epoch == factor),
                    "the list that the user is of, and the one that the factor is of: {seen:?}"
                );
                tokio::task::yield_now().await;
            }
        });
    }
    for number in 0..WRITES {
        fixture
            .applied([
                Change::UpdateUser {
                    id: ann.clone(),
                    epoch: i64::from(number),
                    raise_epoch: true,
                    at: NOW,
                    set: Box::default(),
                },
                Change::SetPendingTotp {
                    user_id: ann.clone(),
                    secret: SealedSecret {
                        created_at: NOW + (number + 1) * MS,
                        ..fixture.secret()
                    },
                },
            ])
            .await;
        tokio::task::yield_now().await;
    }
    over.store(true, Ordering::Relaxed);
    readers.join_all().await;
}
