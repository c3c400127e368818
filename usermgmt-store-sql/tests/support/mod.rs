//! What the tests on the servers share: a database for each test, and the tests
//! that are the same on each server.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use url::Url;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::ids::{AuditId, UserId};
use usermgmt_core::rng::{OsRng, random};
use usermgmt_core::store::{AuditStore as _, Change, Changes, Store};
use usermgmt_store_sql::{ConnectError, PoolOptions, SqlStore};

pub const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

/// A database of a test's own, dropped with it.
pub struct Database {
    server: Url,
    pub name: String,
    pub url: String,
}

/// Runs statements in the database that the URL names.
pub async fn execute(url: &str, statements: &[&str]) {
    use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, raw_sql};
    let url: Url = url.parse().unwrap();
    for statement in statements {
        let sql = AssertSqlSafe((*statement).to_owned());
        match url.scheme() {
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                let options = sqlx::postgres::PgConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                raw_sql(sql).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => {
                let options = sqlx::mysql::MySqlConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                raw_sql(sql).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            other => panic!("no server speaks {other}:"),
        }
    }
}

impl Database {
    /// A new one, on the server that the variable names.
    pub async fn create(variable: &str) -> Self {
        let server = std::env::var(variable).unwrap_or_else(|_| {
            panic!(
                "{variable} is not set: it names the server that this test makes its database on"
            )
        });
        let server: Url = server.parse().expect("the variable holds a URL");
        let name = format!("usermgmt_test_{:016x}", u64::from_ne_bytes(random(&OsRng)));
        execute(server.as_str(), &[&format!("CREATE DATABASE {name}")]).await;
        let mut url = server.clone();
        url.set_path(&name);
        Self { server, name, url: url.into() }
    }

    /// The races of the suite end in time on a slow machine too.
    pub async fn open(&self) -> Result<SqlStore, ConnectError> {
        let options = PoolOptions::default().acquire_timeout(Duration::from_secs(60));
        SqlStore::connect(&self.url, options).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let force = if self.server.scheme().starts_with("postgres") { " WITH (FORCE)" } else { "" };
        let drop = format!("DROP DATABASE {}{force}", self.name);
        let server = self.server.to_string();
        // A test's own runtime cannot be waited for here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(execute(&server, &[&drop]));
        });
        drop_result(dropping.join());
    }
}

/// A test that failed says why; its database does not matter then.
fn drop_result(dropped: Result<(), Box<dyn Any + Send>>) {
    assert!(dropped.is_ok() || std::thread::panicking(), "the test's database was not dropped");
}

/// A fresh, empty store; and the database that it lives in.
pub async fn fresh(variable: &str) -> (Arc<dyn Store>, Database) {
    let database = Database::create(variable).await;
    let store = database.open().await.unwrap();
    (Arc::new(store), database)
}

pub fn entry(user: &UserId) -> AuditEntry {
    AuditEntry {
        id: AuditId::generate(NOW, &OsRng),
        at: NOW,
        user_id: Some(user.clone()),
        action: "user.registered".to_owned(),
        detail: Vec::new(),
    }
}

pub fn list(changes: impl Into<Vec<Change>>) -> Changes {
    Changes::new(changes.into(), NOW, &OsRng)
}

pub async fn stores_that_open_one_new_database_at_once_share_it(database: Database) {
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
    let store = database.open().await.unwrap();
    assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 8);
}

pub async fn a_schema_of_a_later_version_is_refused(database: Database) {
    let store = database.open().await.unwrap();
    store.ping().await.unwrap();
    let later = "INSERT INTO usermgmt_migrations (version, applied_at) VALUES (999, 0)";
    execute(&database.url, &[later]).await;

    assert!(store.ping().await.is_err(), "a store with another schema is not ready");
    let refused = database.open().await.unwrap_err();
    assert!(matches!(refused, ConnectError::NewerSchema { found: 999, .. }), "{refused}");
    assert!(refused.to_string().contains("version 999"), "{refused}");
}

pub async fn the_server_tells_the_time(database: Database) {
    use usermgmt_core::clock::{Clock as _, SystemClock};
    let store = database.open().await.unwrap();
    let before = SystemClock.now();
    let told = store.clock().await.unwrap().expect("a server has a clock");
    let after = SystemClock.now();
    let slack = Duration::from_secs(5);
    assert!(before - slack <= told && told <= after + slack, "{before} {told} {after}");
}

pub async fn the_password_stays_out_of_debug(database: Database) {
    let store = database.open().await.unwrap();
    let shown = format!("{store:?}");
    assert!(shown.contains(&database.name), "{shown}");
    assert!(!shown.contains('@'), "{shown}");
}
