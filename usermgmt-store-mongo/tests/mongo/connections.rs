//! How many connections there are, and how many of them are in use.

use std::time::Duration;

use usermgmt_core::store::{Connections, Store as _};
use usermgmt_store_mongo::MongoStore;
use usermgmt_test_support::Database;
use usermgmt_test_support::proxy::MongoProxy;

use crate::SERVER;

/// Waits until the connections are like this: they come back and end beside the requests.
async fn until(store: &MongoStore, like: impl Fn(Connections) -> bool) {
    let wait = async {
        while !like(store.connections().unwrap()) {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), wait).await;
    assert!(in_time.is_ok(), "{:?}", store.connections());
}

#[tokio::test]
async fn connections_are_counted_while_they_are_used_unused_and_closed() {
    let database = Database::create(SERVER).await;
    let proxy = MongoProxy::start(database.mongo_server().await, "").await;
    let store = MongoStore::connect(&database.mongo_by_way_of(proxy.port)).await.unwrap();
    until(&store, |now| now.idle > 0 && now.busy == 0).await;

    let ask = || {
        let store = store.clone();
        tokio::spawn(async move { store.ping().await })
    };
    proxy.hold(true);
    let asking = ask();
    until(&store, |now| now.busy == 1).await;
    proxy.hold(false);
    asking.await.unwrap().unwrap();
    until(&store, |now| now.idle > 0 && now.busy == 0).await;

    // Whoever asks may go before there is an answer.
    proxy.hold(true);
    let asking = ask();
    until(&store, |now| now.busy == 1).await;
    asking.abort();
    until(&store, |now| now.busy == 0).await;
    proxy.hold(false);

    store.close().await;
    until(&store, |now| now == Connections::default()).await;
}
