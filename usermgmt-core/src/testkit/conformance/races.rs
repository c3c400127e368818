//! Races: whoever comes at the same time, one wins, and nothing is lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::kit::{
    EARLY, HOUR, Kit, NOW, SECOND, claim, email_id, insert_user, read, registration, username_id,
};
use super::show::same;
use super::world::World;
use crate::model::ids::{LeaseId, MailId, UserId};
use crate::model::session::{MAX_SESSIONS, Session};
use crate::model::user::User;
use crate::store::{Change, Changes, Guard, Hit, Store, StoreError, UserPatch};

const RACERS: usize = 32;

/// Runs all of them at once and answers in their order.
async fn race<T, F>(runs: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let runs: Vec<F> = runs.into_iter().collect();
    let start = Arc::new(Barrier::new(runs.len()));
    let mut tasks = JoinSet::new();
    for (number, run) in runs.into_iter().enumerate() {
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            start.wait().await;
            (number, run.await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn race_lists(kit: &Kit, lists: Vec<Changes>) -> Vec<Result<(), StoreError>> {
    race(lists.into_iter().map(|changes| {
        let store = Arc::clone(&kit.store);
        async move { store.apply(&changes).await }
    }))
    .await
}

/// Exactly one was applied, all others failed with this guard.
#[track_caller]
fn one_winner(what: &str, answers: &[Result<(), StoreError>], guard: Guard) -> usize {
    for answer in answers {
        let expected = match answer {
            Ok(()) => true,
            Err(error) => error.guard() == Some(guard),
        };
        assert!(expected, "{what}: expected {guard:?}, found {answer:?}");
    }
    let winners: Vec<usize> = (0..answers.len()).filter(|n| answers[*n].is_ok()).collect();
    match winners[..] {
        [winner] => winner,
        _ => panic!("{what}: won by {winners:?}"),
    }
}

/// All of them come at once with one change: alone, where it is one statement,
/// or in a list, where it is part of a transaction. One wins.
async fn one_wins(kit: &Kit, guard: Guard, alone: bool, change: impl Fn(usize) -> Change) -> usize {
    let lists = (0..RACERS)
        .map(|number| {
            let mut list = vec![change(number)];
            if !alone {
                list.push(Change::InsertAudit(kit.audit_entry(None, "race")));
            }
            kit.list(list)
        })
        .collect();
    let what = format!("{:?}, alone: {alone}", change(0));
    one_winner(&what, &race_lists(kit, lists).await, guard)
}

pub async fn one_of_many_claims_a_name(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let users: Vec<UserId> = (0..RACERS).map(|n| kit.user(&format!("user{n}")).id).collect();
    for alone in [true, false] {
        for (what, ended) in [("free", false), ("held until now", true)] {
            let name = username_id(&format!("{what} {alone}"));
            if ended {
                kit.applied([claim(&name, None, Some(NOW))]).await;
            }
            let guard = Guard::Taken(name.kind());
            let winner =
                one_wins(&kit, guard, alone, |n| claim(&name, Some(&users[n]), None)).await;
            for (number, user) in users.iter().enumerate() {
                let taken = read(kit.store.is_taken(&name, Some(user), NOW).await);
                assert_eq!(taken, number != winner, "{what}, user {number}");
            }
        }
    }
}

pub async fn one_of_many_registers_an_address(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let users: Vec<User> = (0..RACERS)
        .map(|n| User { email: kit.user("same").email, ..kit.user(&format!("user{n}")) })
        .collect();
    let lists = users.iter().map(|user| kit.list(registration(user, Some("hash")))).collect();
    let guard = Guard::Taken(crate::model::identifier::IdentifierKind::Email);
    let winner = one_winner("registrations", &race_lists(&kit, lists).await, guard);
    let listed = read(kit.store.users(None, 100).await);
    same("the users", &listed, &vec![users[winner].clone()]);
    let address = email_id("same@example.com");
    let found = read(kit.store.account_by_identifier(&address, NOW).await);
    let found = found.map(|account| account.user);
    same("by address", &found, &Some(users[winner].clone()));
    for (number, user) in users.iter().enumerate() {
        let name = username_id(user.username.canonical());
        let taken = read(kit.store.is_taken(&name, None, NOW).await);
        assert_eq!(taken, number == winner, "the name of user {number}");
    }
}

pub async fn one_of_many_takes_a_users_id(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    for alone in [true, false] {
        let id = kit.user("same").id;
        let users: Vec<User> =
            (0..RACERS).map(|n| User { id: id.clone(), ..kit.user(&format!("user{n}")) }).collect();
        let winner = one_wins(&kit, Guard::Exists, alone, |n| insert_user(&users[n], None)).await;
        same("the user", &kit.account(&id).await.user, &users[winner]);
    }
}

pub async fn one_of_many_updates_a_user_by_the_epoch_it_read(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await;
    for (epoch, alone) in [(0, true), (1, false)] {
        let winner = one_wins(&kit, Guard::User, alone, |n| Change::UpdateUser {
            id: ann.id.clone(),
            epoch,
            raise_epoch: true,
            at: NOW,
            set: Box::new(UserPatch {
                first_name: Some(Some(format!("name {n}"))),
                ..UserPatch::default()
            }),
        })
        .await;
        let user = kit.account(&ann.id).await.user;
        assert_eq!(user.epoch, epoch + 1);
        assert_eq!(user.first_name, Some(format!("name {winner}")));
    }
}

pub async fn one_of_many_rotates_a_session(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await;
    for alone in [true, false] {
        let session = kit.session(&ann.id);
        kit.applied([Change::InsertSession(Box::new(session.clone()))]).await;
        let winner = one_wins(&kit, Guard::Session, alone, |n| Change::RotateSession {
            id: session.id,
            generation: 0,
            to: 1,
            now: NOW + SECOND,
            expires_at: NOW + HOUR,
            ip: None,
            user_agent: Some(format!("client {n}")),
        })
        .await;
        kit.session_is(&Session {
            generation: 1,
            rotated_at: Some(NOW + SECOND),
            last_seen_at: NOW + SECOND,
            expires_at: NOW + HOUR,
            user_agent: Some(format!("client {winner}")),
            ..session
        })
        .await;
    }
}

/// Of every change that can be made only once, one of many is.
async fn one_of_each_wins(store: Arc<dyn Store>, alone: bool, of: fn(&Change) -> bool) {
    let kit = Kit::new(store);
    let world = World::build(&kit).await;
    let mut raced = 0;
    for (change, again) in world.every_change(&kit) {
        match again {
            Some(guard) if of(&change) => {
                raced += 1;
                one_wins(&kit, guard, alone, |_| change.clone()).await;
            }
            // Some of the later ones need what the earlier ones do.
            _ => kit.applied([change]).await,
        }
    }
    assert!(raced > 0, "no such change was raced");
}

fn is_spending(change: &Change) -> bool {
    matches!(
        change,
        Change::UseToken { .. }
            | Change::IssueCode { .. }
            | Change::EndSession { .. }
            | Change::UseTotpStep { .. }
            | Change::ConfirmTotp { .. }
            | Change::UseRecoveryCode { .. }
    )
}

pub async fn what_is_good_once_is_used_by_one_of_many(store: Arc<dyn Store>) {
    one_of_each_wins(store, true, is_spending).await;
}

pub async fn what_is_good_once_is_used_by_one_of_many_lists(store: Arc<dyn Store>) {
    one_of_each_wins(store, false, is_spending).await;
}

pub async fn every_other_guarded_change_is_made_by_one_of_many(store: Arc<dyn Store>) {
    one_of_each_wins(store, true, |change| !is_spending(change)).await;
}

pub async fn every_other_guarded_change_is_made_by_one_of_many_lists(store: Arc<dyn Store>) {
    one_of_each_wins(store, false, |change| !is_spending(change)).await;
}

pub async fn no_mail_is_claimed_by_two_workers(store: Arc<dyn Store>) {
    const MAILS: usize = 60;
    let kit = Kit::new(store);
    let mails: Vec<Change> =
        (0..MAILS).map(|_| Change::InsertMail(Box::new(kit.mail(None)))).collect();
    kit.applied(mails).await;
    let claims = race((0..RACERS).map(|_| {
        let store = Arc::clone(&kit.store);
        let lease = LeaseId::generate(&kit.rng);
        async move { read(store.claim_mail(lease, NOW, NOW + HOUR, 5).await) }
    }))
    .await;
    let mut seen: BTreeSet<MailId> = BTreeSet::new();
    for claim in &claims {
        assert!(claim.len() <= 5, "a claim of {}", claim.len());
    }
    // Workers may step aside for each other, so the rest is fetched afterwards.
    let (_, rest) = kit.claim(NOW, MAILS).await;
    for mail in claims.into_iter().flatten().chain(rest) {
        assert!(seen.insert(mail.id.clone()), "{} was claimed twice", mail.id);
    }
    assert_eq!(seen.len(), MAILS, "every mail was claimed");
}

pub async fn every_one_of_many_attempts_is_counted(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let hits = ["a", "b"].map(|key| Hit { key: key.to_owned(), window: HOUR });
    for round in 1..=2 {
        let counts = race((0..RACERS).map(|_| {
            let (store, hits) = (Arc::clone(&kit.store), hits.clone());
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
    let kit = Kit::new(store);
    let hits = [Hit { key: "key".to_owned(), window: HOUR }];
    for _ in 0..RACERS {
        read(kit.store.hit(&hits, NOW).await);
    }
    race((0..RACERS).map(|_| {
        let store = Arc::clone(&kit.store);
        async move { read(store.give_back(&["key".to_owned()]).await) }
    }))
    .await;
    let count = read(kit.store.hit(&hits, NOW).await);
    assert_eq!(count[0].count, 1);
}

pub async fn no_session_survives_the_change_that_ends_them_all(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await.id;
    for epoch in 0..5 {
        let mut lists: Vec<Changes> = (1..RACERS).map(|_| sign_in(&kit, &ann, epoch)).collect();
        // In the middle, so that there are some on either side of it.
        lists.insert(
            RACERS / 2,
            kit.list([
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
        for (number, answer) in race_lists(&kit, lists).await.iter().enumerate() {
            let expected = match answer {
                Ok(()) => true,
                Err(error) => number != RACERS / 2 && error.guard() == Some(Guard::User),
            };
            assert!(expected, "list {number}: {answer:?}");
        }
        let left = read(kit.store.sessions(&ann, EARLY).await);
        same("sessions that were left", &left, &vec![]);
    }
}

fn sign_in(kit: &Kit, user: &UserId, epoch: i64) -> Changes {
    kit.list([
        Change::TouchUser { id: user.clone(), active: true, epoch },
        Change::InsertSession(Box::new(kit.session(user))),
    ])
}

pub async fn many_sign_ins_at_once_leave_no_more_sessions_than_allowed(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await.id;
    let earlier: Vec<Change> = (1..MAX_SESSIONS)
        .map(|_| {
            let session = Session { last_seen_at: NOW - HOUR, ..kit.session(&ann) };
            Change::InsertSession(Box::new(session))
        })
        .collect();
    kit.applied(earlier).await;
    let lists = (0..RACERS).map(|_| sign_in(&kit, &ann, 0)).collect();
    for answer in race_lists(&kit, lists).await {
        read(answer);
    }
    let left = read(kit.store.sessions(&ann, EARLY).await);
    assert_eq!(left.len(), MAX_SESSIONS);
    let new = left.iter().filter(|s| s.last_seen_at == NOW).count();
    assert_eq!(new, RACERS, "those that just signed in stay");
}

pub async fn many_lists_of_different_users_all_succeed(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let users: Vec<User> = (0..RACERS).map(|n| kit.user(&format!("user{n}"))).collect();
    let lists = users.iter().map(|user| kit.list(registration(user, None))).collect();
    for answer in race_lists(&kit, lists).await {
        read(answer);
    }
    let listed = read(kit.store.users(None, 100).await);
    assert_eq!(listed.len(), RACERS);
}

pub async fn lists_that_wait_for_each_other_are_both_applied(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let (ann, bob) = (kit.add_user("ann").await.id, kit.add_user("bob").await.id);
    let touch = |id: &UserId| Change::TouchUser { id: id.clone(), active: true, epoch: 0 };
    let lists = (0..RACERS)
        .map(|n| {
            let mut list = [touch(&ann), touch(&bob)];
            if n % 2 == 0 {
                list.reverse();
            }
            kit.list(list)
        })
        .collect();
    for answer in race_lists(&kit, lists).await {
        read(answer);
    }
}

pub async fn a_list_that_arrives_many_times_at_once_is_applied_once(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await.id;
    let changes = kit.list([
        Change::UpdateUser {
            id: ann.clone(),
            epoch: 0,
            raise_epoch: true,
            at: NOW,
            set: Box::default(),
        },
        Change::InsertAudit(kit.audit_entry(Some(&ann), "race")),
    ]);
    for answer in race_lists(&kit, vec![changes; RACERS]).await {
        read(answer);
    }
    assert_eq!(kit.account(&ann).await.user.epoch, 1);
    assert_eq!(read(kit.store.audit(&ann, None, 9).await).len(), 1);
}
