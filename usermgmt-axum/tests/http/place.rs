//! Where the tests keep their accounts: each in a new store of its own, of the
//! kind that the variable `USERMGMT_TEST_HTTP_STORE` names.

use std::any::Any;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection, raw_sql};
use url::Url;
use usermgmt_core::rng::{OsRng, random};
use usermgmt_core::store::{MemoryStore, Store};
use usermgmt_store_mongo::MongoStore;
use usermgmt_store_sql::{PoolOptions, SqlStore};

/// A new store, and what has to live as long as it does.
pub(crate) async fn new_store() -> (Arc<dyn Store>, Box<dyn Any + Send>) {
    let kind = std::env::var("USERMGMT_TEST_HTTP_STORE").unwrap_or_else(|_| "memory".to_owned());
    match kind.as_str() {
        "memory" => (Arc::new(MemoryStore::new()), Box::new(())),
        "sqlite" => {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", folder.path().join("accounts.db").display());
            (sql(&url).await, Box::new(folder))
        }
        "postgres" => {
            let database = Database::create(Server::Postgres, "USERMGMT_TEST_POSTGRES_URL").await;
            (sql(&database.url).await, Box::new(database))
        }
        "mysql" => {
            let database = Database::create(Server::MySql, "USERMGMT_TEST_MYSQL_URL").await;
            (sql(&database.url).await, Box::new(database))
        }
        "mongo" => {
            let database = Database::create(Server::Mongo, "USERMGMT_TEST_MONGO_URL").await;
            let store = MongoStore::connect(&database.url).await.unwrap();
            (Arc::new(store), Box::new(database))
        }
        other => panic!(
            "USERMGMT_TEST_HTTP_STORE is {other:?}: it names one of memory, sqlite, postgres, \
             mysql and mongo"
        ),
    }
}

async fn sql(url: &str) -> Arc<dyn Store> {
    Arc::new(SqlStore::connect(url, PoolOptions::default()).await.unwrap())
}

/// The servers that a test makes its database on.
#[derive(Clone, Copy)]
enum Server {
    Postgres,
    MySql,
    Mongo,
}

impl Server {
    async fn create(self, url: &str, name: &str) {
        let sql = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        match self {
            Self::Postgres => run_on_postgres(url, sql).await,
            Self::MySql => run_on_mysql(url, sql).await,
            // It makes one of its own accord.
            Self::Mongo => {}
        }
    }

    async fn drop(self, url: &str, name: &str) {
        match self {
            Self::Postgres => {
                let sql = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
                run_on_postgres(url, sql).await;
            }
            Self::MySql => run_on_mysql(url, AssertSqlSafe(format!("DROP DATABASE {name}"))).await,
            Self::Mongo => {
                let client = mongodb::Client::with_uri_str(url).await.unwrap();
                client.database(name).drop().await.unwrap();
            }
        }
    }
}

async fn run_on_postgres(url: &str, sql: AssertSqlSafe<String>) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn run_on_mysql(url: &str, sql: AssertSqlSafe<String>) {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// A database of a test's own, dropped with it.
struct Database {
    kind: Server,
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// A new one, on the server that the variable names.
    async fn create(kind: Server, variable: &str) -> Self {
        let server = std::env::var(variable)
            .unwrap_or_else(|_| panic!("{variable} names no server to make a database on"));
        let name = format!("usermgmt_test_{:016x}", u64::from_ne_bytes(random(&OsRng)));
        kind.create(&server, &name).await;
        let mut url: Url = server.parse().unwrap();
        url.set_path(&name);
        Self { kind, server, name, url: url.into() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (kind, server, name) = (self.kind, self.server.clone(), self.name.clone());
        // A test's own runtime cannot be waited for here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(kind.drop(&server, &name));
        });
        // A test that failed says why; its database does not matter then.
        let is_dropped = dropping.join().is_ok();
        assert!(is_dropped || std::thread::panicking(), "the database was not dropped");
    }
}
