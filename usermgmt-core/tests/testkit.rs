//! The test doubles do what the tests that use them rely on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::clock::{Clock as _, Timestamp};
use usermgmt_core::mail::{MailError, MailKind, Mailer as _, Message};
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::{AuditId, MailId, UserId};
use usermgmt_core::rng::{SecureRng, random};
use usermgmt_core::store::{
    AuditStore as _, Change, Changes, CounterStore as _, Hit, MemoryStore, Store as _, StoreError,
    UserStore as _,
};
use usermgmt_core::testkit::{Calls, CapturingMailer, FaultyStore, MockClock, SeededRng};

const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

fn faulty() -> FaultyStore {
    FaultyStore::new(Arc::new(MemoryStore::new()))
}

fn entries(user: &UserId, count: usize, rng: &dyn SecureRng) -> Changes {
    let entry = |_| {
        Change::InsertAudit(AuditEntry {
            id: AuditId::generate(NOW, rng),
            at: NOW,
            user_id: Some(user.clone()),
            action: "user.registered".to_owned(),
            detail: Vec::new(),
            origin: usermgmt_core::model::audit::Origin::default(),
        })
    };
    Changes::new((0..count).map(entry).collect(), NOW, rng)
}

fn is_unavailable<T>(answer: Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn what_another_process_writes_meanwhile_is_there_for_the_call_that_follows() {
    let (store, rng) = (faulty(), SeededRng::new(1));
    let ann: UserId = "ann".parse().unwrap();
    store.meanwhile(1, entries(&ann, 2, &rng));
    let count = async || store.audit(&ann, None, 10).await.unwrap().len();
    assert_eq!([count().await, count().await, count().await], [0, 2, 2]);
    assert_eq!(store.calls().applies, 0);
}

#[test]
fn all_clones_of_a_clock_show_the_time_that_was_set() {
    let clock = MockClock::new(NOW);
    let other = clock.clone();
    assert_eq!(other.now(), NOW);
    clock.advance(Duration::from_millis(1500));
    assert_eq!(other.now(), NOW + Duration::from_millis(1500));
    clock.set(NOW - Duration::from_secs(1));
    assert_eq!(other.now(), NOW - Duration::from_secs(1));
}

#[test]
fn a_seed_gives_the_same_bytes_each_time_and_another_seed_others() {
    let draw = |seed| {
        let rng = SeededRng::new(seed);
        [random::<40>(&rng), random::<40>(&rng)]
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    let [first, second] = draw(7);
    assert_ne!(first, second);
}

#[test]
fn two_clones_of_a_generator_never_hand_out_the_same_bytes() {
    let rng = SeededRng::new(7);
    let other = rng.clone();
    assert_ne!(random::<16>(&rng), random::<16>(&other));
    assert!((0..1000).all(|_| rng.below(3) < 3));
}

fn message(recipient: &str) -> Message {
    Message {
        id: MailId::generate(NOW, &SeededRng::new(1)),
        kind: MailKind::PasswordChanged,
        recipient: Email::from_stored(recipient.to_owned(), recipient.to_owned()),
        locale: None,
        product_name: "Product".to_owned(),
        created_at: NOW,
        params: BTreeMap::new(),
        link: None,
        not_me_link: None,
        code: None,
        valid_minutes: None,
    }
}

#[tokio::test]
async fn a_mailer_keeps_what_it_sends_until_it_is_taken() {
    let mailer = CapturingMailer::default();
    mailer.send(&message("ann@example.com")).await.unwrap();
    mailer.clone().send(&message("bob@example.com")).await.unwrap();
    assert_eq!(mailer.sent().len(), 2);
    let last = mailer.last(MailKind::PasswordChanged, "ann@example.com").unwrap();
    assert_eq!(last.recipient.as_str(), "ann@example.com");
    assert!(mailer.last(MailKind::NewDevice, "ann@example.com").is_none());
    assert_eq!(mailer.take().len(), 2);
    assert!(mailer.sent().is_empty());
}

#[tokio::test]
async fn a_mailer_fails_as_often_as_it_is_told() {
    let mailer = CapturingMailer::default();
    let busy = MailError::Temporary("busy".to_owned());
    let refused = MailError::Permanent("refused".to_owned());
    let mail = message("ann@example.com");
    mailer.fail_next([busy.clone(), refused.clone()]);
    assert_eq!(mailer.send(&mail).await, Err(busy.clone()));
    assert_eq!(mailer.send(&mail).await, Err(refused));
    assert_eq!(mailer.send(&mail).await, Ok(()));
    mailer.fail_always(Some(busy.clone()));
    assert_eq!(mailer.send(&mail).await, Err(busy.clone()));
    assert_eq!(mailer.send(&mail).await, Err(busy));
    mailer.fail_always(None);
    assert_eq!(mailer.send(&mail).await, Ok(()));
    assert_eq!((mailer.sent().len(), mailer.tries()), (2, 6));
}

#[tokio::test]
async fn a_call_that_fails_does_nothing() {
    let (store, rng) = (faulty(), SeededRng::new(1));
    let user = UserId::generate(NOW, &rng);
    store.fail_after(1, 2);
    assert!(store.users(None, 1).await.is_ok());
    assert!(is_unavailable(store.apply(&entries(&user, 2, &rng)).await));
    assert!(is_unavailable(store.users(None, 1).await));
    assert!(store.audit(&user, None, 9).await.unwrap().is_empty());

    store.fail_next(u64::MAX);
    assert!(is_unavailable(store.ping().await));
    store.heal();
    assert!(store.ping().await.is_ok());
}

#[tokio::test]
async fn a_list_whose_answer_is_lost_is_applied() {
    let (store, rng) = (faulty(), SeededRng::new(1));
    let user = UserId::generate(NOW, &rng);
    store.lose_replies_after(1, 1);
    let lists = [0; 3].map(|_| entries(&user, 2, &rng));
    assert!(store.apply(&lists[0]).await.is_ok());
    assert!(is_unavailable(store.apply(&lists[1]).await));
    assert!(store.apply(&lists[2]).await.is_ok());
    assert_eq!(store.audit(&user, None, 9).await.unwrap().len(), 6);
    assert!(store.apply(&lists[1]).await.is_ok(), "found applied");
    assert_eq!(store.audit(&user, None, 9).await.unwrap().len(), 6);
    assert_eq!(store.take_applied().len(), 4);
}

#[tokio::test]
async fn calls_are_counted_by_what_they_cost() {
    let (store, rng) = (faulty(), SeededRng::new(1));
    let user = UserId::generate(NOW, &rng);
    let hits = ["a", "b"].map(|key| Hit { key: key.to_owned(), window: Duration::from_secs(1) });
    store.account(&user).await.unwrap();
    store.apply(&entries(&user, 3, &rng)).await.unwrap();
    store.hit(&hits, NOW).await.unwrap();
    store.purge(NOW, 1).await.unwrap();
    let expected = Calls { reads: 1, applies: 1, changes: 3, counters: 2, upkeep: 1 };
    assert_eq!(store.calls(), expected);
    assert_eq!(store.take_calls().statements(), 6);
    assert_eq!(store.calls(), Calls::default());
}
