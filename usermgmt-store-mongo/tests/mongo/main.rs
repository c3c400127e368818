//! The store on a MongoDB server, which `USERMGMT_TEST_MONGO_URL` names.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod behind;
mod connect;
mod connections;
mod lost_replies;
mod outbox;
mod plans;
mod rows;

/// The variable that names the server.
const SERVER: &str = "USERMGMT_TEST_MONGO_URL";

mod conformance {
    use std::sync::Arc;

    use usermgmt_core::store::Store;
    use usermgmt_store_mongo::MongoStore;

    use usermgmt_test_support::Database;

    /// A fresh, empty store; and the database that it lives in.
    async fn fresh() -> (Arc<dyn Store>, Database) {
        let database = Database::create(crate::SERVER).await;
        (Arc::new(MongoStore::connect(&database.url).await.unwrap()), database)
    }

    usermgmt_core::testkit::store_conformance!(fresh);
}
