//! What is true when connections break.

use std::time::Duration;

use usermgmt_core::model::ids::UserId;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{
    AuditStore as _, Change, CounterStore as _, Hit, SessionStore as _, Store as _, StoreError,
};
use usermgmt_store_sql::{PoolOptions, SqlStore};

use usermgmt_test_support::Database;
use usermgmt_test_support::proxy::{Lose, TextProxy};

use super::{NOW, entry, list, session, user};

async fn through(proxy: &TextProxy) -> SqlStore {
    SqlStore::connect(&proxy.url, PoolOptions::default()).await.unwrap()
}

/// Applies a list of two through a connection that breaks around its COMMIT.
async fn commit_that_loses(what: Lose, database: &Database) {
    let proxy = TextProxy::before(&database.url, "COMMIT").await;
    let store = through(&proxy).await;
    for _ in 0..3 {
        let user = UserId::generate(NOW, &OsRng);
        let before = proxy.lost();
        proxy.lose(what);
        let changes = [Change::InsertAudit(entry(&user)), Change::InsertAudit(entry(&user))];
        store.apply(&list(changes)).await.unwrap();
        assert_eq!(proxy.lost(), before + 1, "the connection broke");
        assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 2);
    }
}

pub(crate) async fn a_list_whose_commit_is_answered_to_nobody_is_applied_once(database: Database) {
    commit_that_loses(Lose::Reply, &database).await;
}

pub(crate) async fn a_list_whose_commit_does_not_arrive_is_applied_once(database: Database) {
    commit_that_loses(Lose::Request, &database).await;
}

pub(crate) async fn a_guard_that_fails_after_a_lost_commit_is_told(database: Database) {
    let proxy = TextProxy::before(&database.url, "COMMIT").await;
    let store = through(&proxy).await;
    let user = UserId::generate(NOW, &OsRng);
    let twice = entry(&user);
    store.apply(&list([Change::InsertAudit(twice.clone())])).await.unwrap();
    proxy.lose(Lose::Request);
    let changes = [Change::InsertAudit(entry(&user)), Change::InsertAudit(twice)];
    let refused = store.apply(&list(changes)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused:?}");
    assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 1);
}

/// The flow reads again and decides again: the store does not guess.
pub(crate) async fn a_single_change_whose_reply_is_lost_is_not_replayed(database: Database) {
    let proxy = TextProxy::before(&database.url, "a device to lose").await;
    let store = through(&proxy).await;
    let user = user("ann");
    let session = session(&user.id);
    let changes = [
        Change::InsertUser { user: Box::new(user), password: None },
        Change::InsertSession(Box::new(session.clone())),
    ];
    store.apply(&list(changes)).await.unwrap();
    let rotation = |generation| Change::RotateSession {
        id: session.id,
        generation,
        to: generation + 1,
        now: NOW,
        expires_at: session.expires_at,
        ip: None,
        user_agent: Some("a device to lose".to_owned()),
    };
    // It is prepared here, so that what is lost below is its run.
    store.apply(&list([rotation(0)])).await.unwrap();
    proxy.lose(Lose::Reply);
    let answer = store.apply(&list([rotation(1)])).await.unwrap_err();
    assert!(matches!(answer, StoreError::Unavailable(_)), "{answer:?}");
    let (found, _) = store.session(session.id, NOW).await.unwrap().unwrap();
    assert_eq!(found.generation, 2, "it was done, and once");
}

pub(crate) async fn a_server_that_went_away_and_came_back_is_used_again(database: Database) {
    let proxy = TextProxy::before(&database.url, "COMMIT").await;
    let url: url::Url = proxy.url.parse().unwrap();
    let options = PoolOptions::default().acquire_timeout(Duration::from_millis(300));
    let store = SqlStore::connect(&proxy.url, options).await.unwrap();
    let hits = [Hit { key: "k".to_owned(), window: Duration::from_secs(60) }];
    store.hit(&hits, NOW).await.unwrap();
    drop(proxy);

    let user = UserId::generate(NOW, &OsRng);
    let changes = list([Change::InsertAudit(entry(&user)), Change::InsertAudit(entry(&user))]);
    for _ in 0..3 {
        for answer in [
            store.apply(&changes).await,
            store.ping().await,
            store.hit(&hits, NOW).await.map(drop),
            store.audit(&user, None, 10).await.map(drop),
        ] {
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        }
    }

    let _back = TextProxy::on_port(url.port().unwrap(), &database.url, "COMMIT").await;
    let mut tries = 0;
    while store.ping().await.is_err() {
        tries += 1;
        assert!(tries < 100, "it is not used again");
    }
    store.apply(&changes).await.unwrap();
    assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 2);
}

pub(crate) async fn connections_that_fell_silent_are_replaced(database: Database) {
    let proxy = TextProxy::before(&database.url, "COMMIT").await;
    let patience = Duration::from_millis(300);
    // Who asks gives up before the pool does.
    let options = PoolOptions::default().max_connections(2).acquire_timeout(2 * patience);
    let store = SqlStore::connect(&proxy.url, options).await.unwrap();
    store.ping().await.unwrap();
    // A connection comes back to the pool beside the request.
    while store.connections().is_some_and(|connections| connections.idle == 0) {
        tokio::task::yield_now().await;
    }
    proxy.silence();

    let user = UserId::generate(NOW, &OsRng);
    let changes = list([Change::InsertAudit(entry(&user)), Change::InsertAudit(entry(&user))]);
    let apply = || tokio::time::timeout(patience, store.apply(&changes));
    let unanswered = apply().await;
    assert!(unanswered.is_err(), "{unanswered:?}");
    // Those who asked have gone; one who asks after them is answered.
    let mut tries = 0;
    while !matches!(apply().await, Ok(Ok(()))) {
        tries += 1;
        assert!(tries < 100, "the pool waits for answers that never come");
    }
    assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 2);
}

/// Whatever was asked is answered: what reads and what begins a transaction is
/// asked again on a connection that lives.
pub(crate) async fn connections_that_died_while_nobody_used_them_are_replaced(database: Database) {
    let proxy = TextProxy::before(&database.url, "COMMIT").await;
    let store = through(&proxy).await;
    let user = UserId::generate(NOW, &OsRng);
    let burst = || async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (store, user) = (store.clone(), user.clone());
            tasks.spawn(async move {
                let changes =
                    [Change::InsertAudit(entry(&user)), Change::InsertAudit(entry(&user))];
                store.audit(&user, None, 100).await?;
                store.apply(&list(changes)).await
            });
        }
        tasks.join_all().await
    };
    for round in 1..=5 {
        for answer in burst().await {
            answer.unwrap();
        }
        assert_eq!(store.audit(&user, None, 100).await.unwrap().len(), 16 * round);
        proxy.cut();
    }
}

/// The driver keeps time by the machine's clock, so this waits.
pub(crate) async fn connections_that_lay_unused_for_long_are_not_used(database: Database) {
    let proxy = TextProxy::before(&database.url, "COMMIT").await;
    for idle_timeout in [Duration::from_secs(1), Duration::from_secs(60)] {
        let options = PoolOptions::default().idle_timeout(idle_timeout);
        let store = SqlStore::connect(&proxy.url, options).await.unwrap();
        let hit = async || {
            let hits = [Hit { key: "k".to_owned(), window: Duration::from_secs(60) }];
            store.hit(&hits, NOW).await
        };
        hit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(2_300)).await;
        proxy.cut();
        // It counts, so it is sent once only: on a connection that was tested.
        hit().await.unwrap();
    }
}

pub(crate) async fn a_server_that_nobody_listens_at_is_named(database: Database) {
    let mut url: url::Url = database.url.parse().unwrap();
    url.set_port(Some(1)).unwrap();
    let patience = PoolOptions::default().acquire_timeout(Duration::from_millis(200));
    let refused = SqlStore::connect(url.as_str(), patience).await.unwrap_err();
    let text = format!("{refused}: {:?}", std::error::Error::source(&refused));
    assert!(text.contains(&format!("{}:1/", url.host_str().unwrap())), "{text}");
    assert!(text.contains("refused"), "{text}");
}

pub(crate) async fn the_first_of_several_hosts_that_answers_is_used(database: Database) {
    let url: url::Url = database.url.parse().unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let several = database.url.replacen(&host, &format!("127.0.0.1:1,{host}"), 1);
    assert_ne!(several, database.url);
    let store = SqlStore::connect(&several, PoolOptions::default()).await.unwrap();
    store.ping().await.unwrap();
}
