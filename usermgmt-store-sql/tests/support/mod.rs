//! What the tests on the servers share: a database for each test, and the tests
//! that are the same on each server.

mod database;

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::ids::{AuditId, UserId};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{AuditStore as _, Change, Changes, Store};
use usermgmt_store_sql::{ConnectError, PoolOptions, SqlStore};

pub(crate) use self::database::{Database, execute};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

/// The races of the suite end in time on a slow machine too.
async fn open(database: &Database) -> Result<SqlStore, ConnectError> {
    let options = PoolOptions::default().acquire_timeout(Duration::from_secs(60));
    SqlStore::connect(&database.url, options).await
}

/// A fresh, empty store; and the database that it lives in.
pub(crate) async fn fresh(variable: &str) -> (Arc<dyn Store>, Database) {
    let database = Database::create(variable).await;
    let store = open(&database).await.unwrap();
    (Arc::new(store), database)
}

pub(crate) fn entry(user: &UserId) -> AuditEntry {
    AuditEntry {
        id: AuditId::generate(NOW, &OsRng),
        at: NOW,
        user_id: Some(user.clone()),
        action: "user.registered".to_owned(),
        detail: Vec::new(),
    }
}

pub(crate) fn list(changes: impl Into<Vec<Change>>) -> Changes {
    Changes::new(changes.into(), NOW, &OsRng)
}

pub(crate) async fn stores_that_open_one_new_database_at_once_share_it(database: Database) {
    let user = UserId::generate(NOW, &OsRng);
    let url: Arc<str> = database.url.as_str().into();
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let (url, user) = (url.clone(), user.clone());
            tokio::spawn(async move {
                let options = PoolOptions::default().max_connections(2);
                let store = SqlStore::connect(&url, options).await.unwrap();
                store.apply(&list([Change::InsertAudit(entry(&user))])).await.unwrap();
                store.ping().await.unwrap();
            })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap();
    }
    let store = open(&database).await.unwrap();
    assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 8);
}

pub(crate) async fn a_schema_of_a_later_version_is_refused(database: Database) {
    let store = open(&database).await.unwrap();
    store.ping().await.unwrap();
    let later = "INSERT INTO usermgmt_migrations (version, applied_at) VALUES (999, 0)";
    execute(&database.url, &[later]).await;

    assert!(store.ping().await.is_err(), "a store with another schema is not ready");
    let refused = open(&database).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NewerSchema { found: 999, .. }), "{refused}");
    assert!(refused.to_string().contains("version 999"), "{refused}");
}

pub(crate) async fn the_server_tells_the_time(database: Database) {
    use usermgmt_core::clock::{Clock as _, SystemClock};
    let store = open(&database).await.unwrap();
    let before = SystemClock.now();
    let told = store.clock().await.unwrap().expect("a server has a clock");
    let after = SystemClock.now();
    let slack = Duration::from_secs(5);
    assert!(before - slack <= told && told <= after + slack, "{before} {told} {after}");
}

pub(crate) async fn the_password_stays_out_of_debug(database: Database) {
    let store = open(&database).await.unwrap();
    let shown = format!("{store:?}");
    assert!(shown.contains(&database.name), "{shown}");
    assert!(!shown.contains('@'), "{shown}");
}
