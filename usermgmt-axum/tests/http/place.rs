//! Where the tests keep their accounts: each in a new store of its own, of the
//! kind that the variable `USERMGMT_TEST_HTTP_STORE` names.

use std::any::Any;
use std::sync::Arc;

use usermgmt_core::store::{MemoryStore, Store};
use usermgmt_store_mongo::MongoStore;
use usermgmt_store_sql::{PoolOptions, SqlStore};
use usermgmt_test_support::Database;

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
            let database = Database::create("USERMGMT_TEST_POSTGRES_URL").await;
            (sql(&database.url).await, Box::new(database))
        }
        "mysql" => {
            let database = Database::create("USERMGMT_TEST_MYSQL_URL").await;
            (sql(&database.url).await, Box::new(database))
        }
        "mongo" => {
            let database = Database::create("USERMGMT_TEST_MONGO_URL").await;
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
