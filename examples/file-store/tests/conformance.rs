//! The store holds to the suite, and finds everything again after a restart.

#![expect(clippy::unwrap_used, reason = "a test's preparations may fail loudly")]

use std::sync::Arc;

use tempfile::TempDir;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::{Email, Identifier};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Hit, Store, UserStore as _};
use usermgmt_example_file_store::FileStore;

async fn new_store() -> (Arc<FileStore>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(&folder.path().join("journal")).await.unwrap();
    (Arc::new(store), folder)
}

usermgmt_core::testkit::store_conformance!(new_store);

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn claim() -> (Identifier, Changes) {
    let identifier = Identifier::email(&Email::parse("ada@example.org").unwrap());
    let claim = Change::ClaimIdentifier {
        identifier: identifier.clone(),
        user_id: None,
        until: None,
        now: NOW,
    };
    (identifier, Changes::new(vec![claim], NOW, &OsRng))
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let (store, folder) = new_store().await;
    let (identifier, changes) = claim();
    store.apply(&changes).await.unwrap();
    drop(store);
    let store = FileStore::open(&folder.path().join("journal")).await.unwrap();
    assert!(store.is_taken(&identifier, None, NOW).await.unwrap());
    assert!(store.apply(&claim().1).await.unwrap_err().guard().is_some());
}

#[tokio::test]
async fn half_of_a_last_line_is_cut_off() {
    use usermgmt_core::store::CounterStore as _;
    let (store, folder) = new_store().await;
    let hits = [Hit { key: "k".into(), window: std::time::Duration::from_secs(60) }];
    store.hit(&hits, NOW).await.unwrap();
    drop(store);
    let path = folder.path().join("journal");
    let mut journal = std::fs::read(&path).unwrap();
    journal.extend_from_slice(b"{\"Apply\":{\"comm");
    std::fs::write(&path, &journal).unwrap();
    let store = FileStore::open(&path).await.unwrap();
    assert_eq!(store.hit(&hits, NOW).await.unwrap()[0].count, 2);
    drop(store);
    let store = FileStore::open(&path).await.unwrap();
    assert_eq!(store.hit(&hits, NOW).await.unwrap()[0].count, 3);
}
