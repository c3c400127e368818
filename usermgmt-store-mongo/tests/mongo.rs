//! The store on a MongoDB server.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

use std::sync::Arc;

use mongodb::Client;
use usermgmt_core::rng::{OsRng, random};
use usermgmt_core::store::Store;
use usermgmt_store_mongo::MongoStore;

/// A database of a test's own, dropped at its end.
struct OwnDatabase {
    url: String,
    name: String,
}

impl OwnDatabase {
    fn new() -> Self {
        let Ok(server) = std::env::var("USERMGMT_TEST_MONGO_URL") else {
            panic!("name a MongoDB server (a replica set) in USERMGMT_TEST_MONGO_URL");
        };
        let number = u64::from_be_bytes(random(&OsRng));
        let name = format!("usermgmt_test_{number:016x}");
        Self { url: with_database(&server, &name), name }
    }
}

fn with_database(server: &str, name: &str) -> String {
    let (scheme, rest) = server.split_once("://").unwrap();
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let hosts = place.split('/').next().unwrap();
    format!("{scheme}://{hosts}/{name}?{options}")
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        // What a failed test wrote is left to be looked at.
        if std::thread::panicking() {
            return;
        }
        let (url, name) = (self.url.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                Client::with_uri_str(&url).await.unwrap().database(&name).drop().await.unwrap();
            });
        });
        dropped.join().unwrap();
    }
}

mod conformance {
    use super::*;

    /// A fresh, empty store; and the database that it lives in.
    async fn fresh() -> (Arc<dyn Store>, OwnDatabase) {
        let database = OwnDatabase::new();
        (Arc::new(MongoStore::connect(&database.url).await.unwrap()), database)
    }

    usermgmt_core::testkit::store_conformance!(fresh);
}
