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

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_store, folder) = new_store().await;
    let mode = std::fs::metadata(folder.path().join("journal")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// The test runs itself where files can grow to 4096 bytes, and tells that
/// process the journal by this.
const JOURNAL_VARIABLE: &str = "USERMGMT_TEST_JOURNAL";

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_refuses_a_write_and_spoils_no_other() {
    use usermgmt_core::store::{CounterStore as _, StoreError};
    let hits = |key: String| [Hit { key, window: std::time::Duration::from_secs(60) }];
    let (long, short) = (hits("k".repeat(400)), hits("k".to_owned()));
    let Ok(journal) = std::env::var(JOURNAL_VARIABLE) else {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        // POSIX counts in blocks of 512 bytes; without the signal the write fails.
        let limited = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact \"$1\"";
        let process = std::process::Command::new("sh")
            .args(["-c", limited])
            .arg(std::env::current_exe().unwrap())
            .arg("a_full_disk_refuses_a_write_and_spoils_no_other")
            .env(JOURNAL_VARIABLE, &journal)
            .output()
            .unwrap();
        assert!(process.status.success(), "{}", String::from_utf8_lossy(&process.stdout));
        let store = FileStore::open(&journal).await.unwrap();
        let count = async |hits| store.hit(hits, NOW).await.unwrap()[0].count;
        let lines = std::fs::read_to_string(&journal).unwrap().lines().count();
        let lines = i64::try_from(lines).unwrap();
        assert_eq!(count(&short).await, 2, "what was acknowledged after the failure is there");
        assert_eq!(count(&long).await, lines, "and so is all before, and nothing refused");
        return;
    };
    let store = FileStore::open(std::path::Path::new(&journal)).await.unwrap();
    let mut acknowledged = 0;
    let refused = loop {
        match store.hit(&long, NOW).await {
            Ok(counts) => acknowledged = counts[0].count,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(acknowledged > 1, "{acknowledged}");
    // Half of a long line fitted; all of a short one does.
    assert_eq!(store.hit(&short, NOW).await.unwrap()[0].count, 1);
    store.ping().await.unwrap();
}
