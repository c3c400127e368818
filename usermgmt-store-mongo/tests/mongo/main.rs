//! The store on a MongoDB server, which `USERMGMT_TEST_MONGO_URL` names.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod connect;
mod database;
mod lost_replies;
mod outbox;
mod plans;
mod proxy;
mod rows;

mod conformance {
    use std::sync::Arc;

    use usermgmt_core::store::Store;
    use usermgmt_store_mongo::MongoStore;

    use crate::database::OwnDatabase;

    /// A fresh, empty store; and the database that it lives in.
    async fn fresh() -> (Arc<dyn Store>, OwnDatabase) {
        let database = OwnDatabase::new();
        (Arc::new(MongoStore::connect(&database.url).await.unwrap()), database)
    }

    usermgmt_core::testkit::store_conformance!(fresh);
}
