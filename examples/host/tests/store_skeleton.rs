//! The skeleton in `docs/store-guide.md`, and what its two arms do.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::TokenId;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Guard, StoreError};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// It has no reads and so is no `Store`: its `apply` stands alone.
struct MyStore {
    pool: SqlitePool,
}

impl MyStore {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.map_err(StoreError::unavailable)?;
        if changes.list().len() > 1 {
            let id = sqlx::query(INSERT_COMMIT).bind(changes.commit_id().to_string());
            let done = id.execute(&mut *tx).await.map_err(StoreError::unavailable)?;
            if done.rows_affected() == 0 {
                return Ok(()); // It was applied before: only its answer was lost.
            }
        }
        for change in changes.list() {
            let (write, guard) = match change {
                Change::UseToken { id, now } => (
                    sqlx::query(USE_TOKEN).bind(now.as_millis()).bind(id.to_string()),
                    Some(Guard::Token), // `None` where a change is unguarded
                ),
                Change::InsertRootKey { id, fingerprint, at } => (
                    sqlx::query(INSERT_ROOT_KEY).bind(id).bind(fingerprint).bind(at.as_millis()),
                    Some(Guard::Exists),
                ),
                // While you work. It goes with the last kind: the next one must not compile.
                _ => return Err(StoreError::Failed("this change is not written yet".into())),
            };
            let done = write.execute(&mut *tx).await.map_err(StoreError::unavailable)?;
            if let (0, Some(guard)) = (done.rows_affected(), guard) {
                return Err(StoreError::Conflict(guard)); // Dropped, the transaction rolls back.
            }
        }
        tx.commit().await.map_err(StoreError::unavailable)
    }
    // And purge, ping, and clock where several processes share the store.
}

const INSERT_COMMIT: &str = "INSERT INTO commits VALUES (?) ON CONFLICT DO NOTHING";
const USE_TOKEN: &str =
    "UPDATE tokens SET used_at = ?1 WHERE id = ?2 AND used_at IS NULL AND expires_at > ?1";
const INSERT_ROOT_KEY: &str = "INSERT INTO root_keys VALUES (?, ?, ?) ON CONFLICT DO NOTHING";

/// With one token, good for a minute.
async fn store(token: TokenId) -> MyStore {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await;
    let pool = pool.unwrap();
    for schema in [
        "CREATE TABLE commits (id TEXT PRIMARY KEY)",
        "CREATE TABLE tokens (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, used_at INTEGER)",
        "CREATE TABLE root_keys (id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER)",
    ] {
        sqlx::query(schema).execute(&pool).await.unwrap();
    }
    let insert = sqlx::query("INSERT INTO tokens VALUES (?, ?, NULL)")
        .bind(token.to_string())
        .bind(NOW.as_millis() + 60_000);
    insert.execute(&pool).await.unwrap();
    MyStore { pool }
}

fn list(changes: impl Into<Vec<Change>>) -> Changes {
    Changes::new(changes.into(), NOW, &OsRng)
}

fn root_key(id: &str) -> Change {
    Change::InsertRootKey { id: id.to_owned(), fingerprint: "f".to_owned(), at: NOW }
}

#[tokio::test]
async fn the_skeleton_of_the_guide_applies_all_of_a_list_once_or_nothing() {
    let token = TokenId::generate(&OsRng);
    let store = store(token).await;
    let used = Change::UseToken { id: token, now: NOW };
    let guard = async |changes: Changes| store.apply(&changes).await.unwrap_err().guard();

    // One change alone meets its guard where it arrives again.
    let alone = list([root_key("a")]);
    store.apply(&alone).await.unwrap();
    assert_eq!(guard(alone).await, Some(Guard::Exists));

    // The token is used first, and good again when the other guard does not hold.
    assert_eq!(guard(list([used.clone(), root_key("a")])).await, Some(Guard::Exists));
    let both = list([used.clone(), root_key("b")]);
    store.apply(&both).await.unwrap();
    store.apply(&both).await.unwrap();
    assert_eq!(guard(list([used])).await, Some(Guard::Token));

    let other = list([Change::KeepAdmin { id: "somebody".parse().unwrap() }]);
    assert!(matches!(store.apply(&other).await, Err(StoreError::Failed(_))));
}

#[tokio::test]
async fn a_token_is_good_until_its_expiry_in_the_skeleton_too() {
    let token = TokenId::generate(&OsRng);
    let store = store(token).await;
    let late = Timestamp::from_millis(NOW.as_millis() + 60_000);
    let refused = store.apply(&list([Change::UseToken { id: token, now: late }])).await;
    assert_eq!(refused.unwrap_err().guard(), Some(Guard::Token));
}
