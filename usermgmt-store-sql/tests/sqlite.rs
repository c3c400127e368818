//! The store on SQLite.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

#[macro_use]
mod every;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::identifier::{Email, Identifier};
use usermgmt_core::model::ids::{AuditId, UserId};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{
    AuditStore as _, Change, Changes, CounterStore as _, Store, StoreError, UserStore as _,
};
use usermgmt_store_sql::{ConnectError, PoolOptions, SqlStore};

use self::every::migrations;

const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

mod conformance {
    use super::*;

    /// A fresh, empty store; and the folder that it lives in.
    async fn fresh() -> (Arc<dyn Store>, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("accounts.db")).await.unwrap();
        (Arc::new(store), folder)
    }

    usermgmt_core::testkit::store_conformance!(fresh);
}

async fn open(file: &Path) -> Result<SqlStore, ConnectError> {
    SqlStore::connect(&format!("sqlite:{}", file.display()), PoolOptions::default()).await
}

fn entry(user: &UserId) -> AuditEntry {
    AuditEntry {
        id: AuditId::generate(NOW, &OsRng),
        at: NOW,
        user_id: Some(user.clone()),
        action: "user.registered".to_owned(),
        detail: Vec::new(),
        origin: usermgmt_core::model::audit::Origin::default(),
    }
}

async fn write(store: &SqlStore, entry: &AuditEntry) {
    let list = vec![Change::InsertAudit(entry.clone())];
    store.apply(&Changes::new(list, NOW, &OsRng)).await.unwrap();
}

#[tokio::test]
async fn what_was_deleted_is_not_left_in_the_free_space_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let store = open(&file).await.unwrap();
    let names: Vec<Identifier> = (0..50)
        .map(|n| Identifier::email(&Email::parse(&format!("trace{n}@example.org")).unwrap()))
        .collect();
    let claim = |identifier: &Identifier| Change::ClaimIdentifier {
        identifier: identifier.clone(),
        user_id: None,
        until: Some(NOW),
        now: NOW,
    };
    let list = names.iter().map(claim).collect();
    store.apply(&Changes::new(list, NOW, &OsRng)).await.unwrap();
    assert!(store.purge(NOW, 1000).await.unwrap() >= 50);
    store.close().await;
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(5).any(|five| five == b"trace"));
}

#[tokio::test]
async fn what_was_committed_is_there_after_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let user = UserId::generate(NOW, &OsRng);
    let entry = entry(&user);

    let store = open(&file).await.unwrap();
    write(&store, &entry).await;
    store.close().await;

    let store = open(&file).await.unwrap();
    assert_eq!(store.audit(&user, None, 10).await.unwrap(), [entry]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_that_open_one_new_file_at_once_share_it() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.db");
        let user = UserId::generate(NOW, &OsRng);
        let opening: Vec<_> = (0..8)
            .map(|_| {
                let (file, user) = (file.clone(), user.clone());
                tokio::spawn(async move {
                    let store = open(&file).await.unwrap();
                    write(&store, &entry(&user)).await;
                    store.ping().await.unwrap();
                })
            })
            .collect();
        for opened in opening {
            opened.await.unwrap();
        }
        let store = open(&file).await.unwrap();
        assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 8);
    }
}

/// The test runs itself in several processes, and tells them the file by this.
const FILE_VARIABLE: &str = "USERMGMT_TEST_SQLITE_FILE";

#[tokio::test]
async fn processes_that_open_one_new_file_at_once_share_it() {
    if let Ok(file) = std::env::var(FILE_VARIABLE) {
        let store = open(Path::new(&file)).await.unwrap();
        for _ in 0..10 {
            write(&store, &entry(&"somebody".parse().unwrap())).await;
        }
        return;
    }
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.db");
        let processes: Vec<_> = (0..4)
            .map(|_| {
                std::process::Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", "processes_that_open_one_new_file_at_once_share_it"])
                    .env(FILE_VARIABLE, &file)
                    .stdout(std::process::Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for process in processes {
            let ended = process.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
        }
        let store = open(&file).await.unwrap();
        let entries = store.audit(&"somebody".parse().unwrap(), None, 100).await.unwrap();
        assert_eq!(entries.len(), 40);
    }
}

#[tokio::test]
async fn a_schema_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let store = open(&file).await.unwrap();
    store.close().await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::query("INSERT INTO usermgmt_migrations (version, applied_at) VALUES (999, 0)")
        .execute(&pool)
        .await
        .unwrap();

    let refused = open(&file).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NewerSchema { found: 999, .. }), "{refused}");
    assert!(refused.to_string().contains("version 999"), "{refused}");
}

#[tokio::test]
async fn a_store_whose_schema_was_changed_by_a_later_version_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let store = open(&file).await.unwrap();
    store.ping().await.unwrap();
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::query("INSERT INTO usermgmt_migrations (version, applied_at) VALUES (999, 0)")
        .execute(&pool)
        .await
        .unwrap();
    assert!(store.ping().await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("accounts.db")).await.unwrap();
    write(&store, &entry(&UserId::generate(NOW, &OsRng))).await;
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
        files += 1;
    }
    assert_eq!(files, 3, "the database, its write-ahead log and their index");
}

#[tokio::test]
async fn readers_and_the_writer_do_not_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let store = open(&file).await.unwrap();
    write(&store, &entry(&UserId::generate(NOW, &OsRng))).await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&pool).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn who_stops_waiting_in_the_middle_leaves_nothing_half_written_and_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("accounts.db")).await.unwrap();
    let user = UserId::generate(NOW, &OsRng);
    for pairs in 1..=60 {
        let patience = Duration::from_micros(20 * pairs);
        let list = vec![Change::InsertAudit(entry(&user)), Change::InsertAudit(entry(&user))];
        let changes = Changes::new(list, NOW, &OsRng);
        // Neither answer is wrong: what matters is what is there afterwards.
        let _ = tokio::time::timeout(patience, store.apply(&changes)).await;
        let _ = tokio::time::timeout(patience, store.ping()).await;
        let _ = tokio::time::timeout(patience, store.clear_count("nobody")).await;
        store.apply(&changes).await.unwrap();
        assert_eq!(store.audit(&user, None, 1000).await.unwrap().len() as u64, 2 * pairs);
    }
    store.ping().await.unwrap();
}

#[tokio::test]
async fn who_closes_the_store_waits_for_what_is_running_and_refuses_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let store = open(&file).await.unwrap();
    let user = UserId::generate(NOW, &OsRng);
    let running = entry(&user);
    let (clone, list) = (store.clone(), vec![Change::InsertAudit(running.clone())]);
    let changes = Changes::new(list, NOW, &OsRng);
    let (written, ()) = tokio::join!(clone.apply(&changes), store.close());
    written.unwrap();
    for _ in 0..2 {
        let refused = [
            store.ping().await,
            store.clear_count("nobody").await,
            store.apply(&changes).await,
            store.purge(NOW, 1).await.map(drop),
        ];
        for refused in refused {
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
        store.close().await;
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "the write-ahead log is emptied into the database: {left:?}");
    let store = open(&file).await.unwrap();
    assert_eq!(store.audit(&user, None, 10).await.unwrap(), [running]);
}

#[tokio::test]
async fn who_waits_longer_than_allowed_for_the_writers_turn_is_told_that_the_store_does_not_answer()
{
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let patience = PoolOptions::default().acquire_timeout(Duration::from_millis(50));
    let url = format!("sqlite:{}", file.display());
    let store = SqlStore::connect(&url, patience).await.unwrap();
    let user = UserId::generate(NOW, &OsRng);
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let other = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let changes = Changes::new(vec![Change::InsertAudit(entry(&user))], NOW, &OsRng);
    let (first, second, counted) =
        tokio::join!(store.apply(&changes), store.apply(&changes), store.clear_count("nobody"));
    for refused in [first, second, counted] {
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    let refused = store.ping().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.audit(&user, None, 10).await.unwrap(), [], "readers wait for nobody");
    other.rollback().await.unwrap();
    store.apply(&changes).await.unwrap();
    store.clear_count("nobody").await.unwrap();
}

#[tokio::test]
async fn connections_are_counted_as_those_to_a_server_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    let store = open(&file).await.unwrap();
    let user = UserId::generate(NOW, &OsRng);
    write(&store, &entry(&user)).await;
    store.audit(&user, None, 10).await.unwrap();
    let at_rest = store.connections().unwrap();
    assert!(at_rest.idle >= 2 && at_rest.busy == 0, "{at_rest:?}");

    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let other = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (clone, entry) = (store.clone(), entry(&user));
    let waiting = tokio::spawn(async move { write(&clone, &entry).await });
    while store.connections().unwrap().busy == 0 {
        tokio::task::yield_now().await;
    }
    other.rollback().await.unwrap();
    waiting.await.unwrap();
    assert_eq!(store.connections().unwrap(), at_rest);
}

/// In a process of its own, whose files may not grow for a while.
#[tokio::test]
async fn a_full_disk_refuses_what_is_written_and_harms_nothing_else() {
    const CHILD: &str = "USERMGMT_TEST_FULL_DISK";
    if std::env::var_os(CHILD).is_none() {
        // The signal that comes with the limit would end the process.
        let child = std::process::Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "a_full_disk_refuses_what_is_written_and_harms_nothing_else"])
            .arg("--nocapture")
            .env(CHILD, "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && output.contains("1 passed"), "{child:?}");
        return;
    }
    let limit = |size: &str| {
        let pid = std::process::id().to_string();
        let done = std::process::Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={size}:unlimited")])
            .status()
            .unwrap();
        assert!(done.success());
    };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("accounts.db")).await.unwrap();
    let user = UserId::generate(NOW, &OsRng);
    let pair = || {
        let list = vec![Change::InsertAudit(entry(&user)), Change::InsertAudit(entry(&user))];
        Changes::new(list, NOW, &OsRng)
    };
    for pairs in 1..=3 {
        store.apply(&pair()).await.unwrap();
        assert_eq!(store.audit(&user, None, 1000).await.unwrap().len(), 2 * pairs);
        limit("1");
        for _ in 0..3 {
            let refused = store.apply(&pair()).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            let refused = store.clear_count("nobody").await;
            assert!(matches!(refused, Ok(()) | Err(StoreError::Unavailable(_))), "{refused:?}");
            let refused = store.ping().await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
        assert_eq!(store.audit(&user, None, 1000).await.unwrap().len(), 2 * pairs);
        limit("unlimited");
    }
    store.ping().await.unwrap();
    write(&store, &entry(&user)).await;
    store.apply(&pair()).await.unwrap();
    assert_eq!(store.audit(&user, None, 1000).await.unwrap().len(), 9);
}

#[tokio::test]
async fn a_url_without_a_file_is_refused() {
    for url in ["sqlite::memory:", "sqlite:", "sqlite://", "sqlite:a.db?mode=memory"] {
        let refused = SqlStore::connect(url, PoolOptions::default()).await.unwrap_err();
        assert!(matches!(refused, ConnectError::NoFile), "{url}: {refused}");
    }
}

#[tokio::test]
async fn a_file_in_a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = open(&folder.path().join("missing").join("accounts.db")).await.unwrap_err();
    assert!(matches!(refused, ConnectError::Create { .. }), "{refused}");
    assert!(refused.to_string().contains("accounts.db"), "{refused}");
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_hook_of_another_database_is_refused() {
    use usermgmt_core::store::UserChange;
    use usermgmt_store_sql::{CommitHook, HookError};

    struct Other;

    #[async_trait::async_trait]
    impl CommitHook<sqlx::Postgres> for Other {
        async fn before_commit(
            &self,
            _: &mut sqlx::PgConnection,
            _: &UserChange<'_>,
        ) -> Result<(), HookError> {
            unreachable!("it is not taken")
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("accounts.db")).await.unwrap();
    let refused = store.with_commit_hook(Other).unwrap_err();
    assert!(matches!(refused, ConnectError::OtherDatabase), "{refused}");
}

/// While the store is open: what was deleted is neither in the database nor in
/// its write-ahead log.
#[tokio::test]
async fn nothing_of_a_person_who_was_deleted_is_left_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("accounts.db")).await.unwrap();
    let rows = usermgmt_core::testkit::SampleRows::new(1);
    let traces = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .map(|bytes| bytes.windows(9).filter(|part| part == b"tracename").count())
            .sum::<usize>()
    };
    for number in 0..20 {
        let user = rows.user(&format!("tracename{number}"));
        store.apply(&rows.commit(rows.registration(&user, None))).await.unwrap();
        assert!(store.account(&user.id).await.unwrap().is_some());
        assert!(traces() > 0);
        let deletion = [
            Change::DeleteUser { id: user.id.clone(), epoch: user.epoch, at: NOW },
            Change::ReleaseIdentifiers { user_id: user.id.clone() },
            Change::DropMail { user_id: user.id.clone() },
        ];
        store.apply(&rows.commit(deletion)).await.unwrap();
        assert!(store.purge(NOW, 1000).await.unwrap() > 0);
        assert_eq!(traces(), 0, "{number}");
    }
}

#[tokio::test]
async fn other_schemes_are_refused() {
    for url in ["mongodb://localhost/accounts", "accounts.db", ""] {
        let refused = SqlStore::connect(url, PoolOptions::default()).await.unwrap_err();
        assert!(matches!(refused, ConnectError::UnknownScheme), "{url}: {refused}");
    }
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn a_scheme_that_is_not_built_in_names_its_feature() {
    let refused = SqlStore::connect("postgres://localhost/accounts", PoolOptions::default())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("feature `postgres`"), "{refused}");
}

outbox_tests!(sqlx::SqlitePool);

host_tests!(sqlx::SqlitePool, "BEGIN IMMEDIATE", "PRAGMA busy_timeout = 100", async || {
    let folder = tempfile::tempdir().unwrap();
    (format!("sqlite:{}", folder.path().join("accounts.db").display()), folder)
});

hook_tests!(sqlx::Sqlite, sqlx::SqlitePool, sqlx::SqliteConnection, "TEXT");

raw_database!(
    sqlx::SqlitePool,
    "sqlite",
    "SELECT t.name, c.name, c.type, CAST(c.\"notnull\" AS TEXT) FROM sqlite_schema t \
     JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name LIKE 'usermgmt%' \
     ORDER BY t.name, c.cid",
    "X'{}'",
    async || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.db");
        std::fs::File::create_new(&file).unwrap();
        (format!("sqlite:{}", file.display()), folder)
    }
);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_of_any_earlier_version_is_brought_up_to_date() {
    migrations::a_database_of_any_earlier_version_is_brought_up_to_date::<RawDatabase>().await;
}

#[tokio::test]
async fn what_an_earlier_version_wrote_is_listed_after_purges() {
    migrations::what_an_earlier_version_wrote_is_listed_after_purges::<RawDatabase>().await;
}

#[tokio::test]
async fn a_passkey_of_an_earlier_version_counts_as_a_second_factor() {
    migrations::a_passkey_of_an_earlier_version_counts_as_a_second_factor::<RawDatabase>().await;
}
