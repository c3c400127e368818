//! What was done is done once, whoever heard of it.

use usermgmt_core::store::{AuditStore as _, Change, Store as _, StoreError, UserStore as _};
use usermgmt_store_mongo::MongoStore;

use usermgmt_test_support::Database;

use crate::SERVER;
use crate::rows::{entry, list, registration, user};
use usermgmt_test_support::proxy::MongoProxy;

/// A store by way of a proxy that keeps replies to this command.
async fn through_a_proxy(command: &'static str) -> (MongoStore, MongoProxy, Database) {
    let database = Database::create(SERVER).await;
    let proxy = MongoProxy::start(database.mongo_server().await, command).await;
    let store = MongoStore::connect(&database.mongo_by_way_of(proxy.port)).await.unwrap();
    (store, proxy, database)
}

/// Applies a list that can be applied only once, its replies kept so often.
async fn a_list_is_applied_once(command: &'static str, replies: usize) {
    let (store, proxy, _database) = through_a_proxy(command).await;
    let ann = user("ann");
    store.apply(&list(registration(&ann))).await.unwrap();
    proxy.cut(replies);
    let update = Change::UpdateUser {
        id: ann.id.clone(),
        epoch: 0,
        raise_epoch: true,
        at: ann.updated_at,
        set: Box::default(),
    };
    store.apply(&list([update, Change::InsertAudit(entry(&ann))])).await.unwrap();
    assert_eq!(proxy.left(), 0, "that many replies were kept");
    let account = store.account(&ann.id).await.unwrap().unwrap();
    assert_eq!(account.user.epoch, 1);
    assert_eq!(store.audit(&ann.id, None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_commit_that_was_not_answered_is_not_done_twice() {
    a_list_is_applied_once("commitTransaction", 1).await;
}

#[tokio::test]
async fn a_commit_that_is_not_answered_again_and_again_is_asked_for_until_it_is() {
    a_list_is_applied_once("commitTransaction", 5).await;
}

#[tokio::test]
async fn a_list_that_loses_its_connection_before_the_commit_starts_again() {
    a_list_is_applied_once("update", 3).await;
}

#[tokio::test]
async fn a_single_change_that_was_not_answered_is_made_once() {
    let (store, proxy, _database) = through_a_proxy("insert").await;
    let ann = user("ann");
    proxy.cut(1);
    store.apply(&list([Change::InsertAudit(entry(&ann))])).await.unwrap();
    assert_eq!(proxy.left(), 0, "the reply was kept");
    assert_eq!(store.audit(&ann.id, None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_single_change_that_is_not_answered_twice_is_left_to_the_caller() {
    let (store, proxy, _database) = through_a_proxy("insert").await;
    let ann = user("ann");
    proxy.cut(2);
    let answer = store.apply(&list([Change::InsertAudit(entry(&ann))])).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert_eq!(store.audit(&ann.id, None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unavailable_until_it_does() {
    let (store, proxy, _database) = through_a_proxy("none").await;
    proxy.hold(true);
    // Nothing else happens, so that the time that the store waits is over at once.
    tokio::time::pause();
    let read = store.users(None, 1).await;
    let write = store.apply(&list(registration(&user("ann")))).await;
    tokio::time::resume();
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(matches!(write, Err(StoreError::Unavailable(_))), "{write:?}");
    proxy.hold(false);
    store.ping().await.unwrap();
    store.apply(&list(registration(&user("bob")))).await.unwrap();
}
