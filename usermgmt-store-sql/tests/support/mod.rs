//! What the tests on the servers share: a database for each test, and the tests
//! that are the same on each server.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::identifier::{Email, Identifier, Username};
use usermgmt_core::model::ids::{AuditId, SessionId, UserId};
use usermgmt_core::model::session::Session;
use usermgmt_core::model::user::{Role, User};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{AuditStore as _, Change, Changes, Store, UserStore as _};
use usermgmt_store_sql::{ConnectError, PoolOptions, SqlStore};
pub(crate) use usermgmt_test_support::Database;
use usermgmt_test_support::execute;

pub(crate) use self::faults::*;

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
        origin: usermgmt_core::model::audit::Origin::default(),
    }
}

pub(crate) fn user(name: &str) -> User {
    User {
        id: UserId::generate(NOW, &OsRng),
        username: Username::from_stored(name.to_owned(), name.to_owned()),
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
        email_confirmed_at: Some(NOW),
        unconfirmed_until: None,
        first_name: None,
        last_name: None,
        gender: None,
        role: Role::User,
        locale: None,
        disabled_at: None,
        created_at: NOW,
        updated_at: NOW,
        epoch: 0,
    }
}

pub(crate) fn session(user: &UserId) -> Session {
    Session {
        id: SessionId::generate(&OsRng),
        user_id: user.clone(),
        generation: 0,
        rotated_at: None,
        received: None,
        received_at: None,
        replayed: None,
        replays: 0,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW + Duration::from_secs(3600),
        max_expires_at: NOW + Duration::from_secs(7200),
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        ip: None,
        user_agent: None,
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

pub(crate) async fn a_nul_is_in_nobodys_name_and_does_no_harm(database: Database) {
    let store = open(&database).await.unwrap();
    let mut user = user("ann");
    user.first_name = Some("An\0n".to_owned());
    let id = user.id.clone();
    store
        .apply(&list([Change::InsertUser { user: Box::new(user), password: None }]))
        .await
        .unwrap();
    assert!(store.account(&id).await.unwrap().is_some());
    for typed in ["ann\0", "\0", "ann\0@example.com"] {
        let typed = Identifier::typed(typed);
        assert!(store.account_by_identifier(&typed, NOW).await.unwrap().is_none());
        assert!(!store.is_taken(&typed, None, NOW).await.unwrap());
    }
}
