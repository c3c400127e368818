//! Connections to an SQLite file.
//!
//! sqlx's own pool asks each connection that comes back whether it still
//! answers. A file does not go away, and asking costs as much as a short read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Some connections to one file. Clones share them.
#[derive(Clone)]
pub(crate) struct FilePool(Arc<Shared>);

struct Shared {
    file: SqliteConnectOptions,
    turns: Turns,
    /// By number: who is alone always gets the same one, with what it has in memory.
    /// Were it the one that came back last, the time of a request would tell what
    /// the requests before it had read.
    idle: Mutex<BTreeMap<u64, SqliteConnection>>,
    opened: AtomicU64,
}

/// Who may use a connection, in the order of asking.
#[derive(Clone)]
struct Turns {
    free: Arc<Semaphore>,
    most: u32,
    patience: Duration,
}

impl FilePool {
    /// At most so many, each opened when it is first needed, and how long to
    /// wait for one.
    pub(crate) fn new(file: SqliteConnectOptions, most: u32, patience: Duration) -> Self {
        let free = Arc::new(Semaphore::new(most as usize));
        Self::taking(Turns { free, most, patience }, file)
    }

    /// Others, opened in another way, that take turns with these: together no
    /// more than these alone are in use at a time.
    pub(crate) fn beside(&self, file: SqliteConnectOptions) -> Self {
        Self::taking(self.0.turns.clone(), file)
    }

    fn taking(turns: Turns, file: SqliteConnectOptions) -> Self {
        Self(Arc::new(Shared { file, turns, idle: Mutex::default(), opened: AtomicU64::new(0) }))
    }

    /// Waits for a turn and a connection.
    pub(super) async fn acquire(&self) -> Result<FileConnection, sqlx::Error> {
        let acquire = async {
            let turn = Arc::clone(&self.0.turns.free).acquire_owned().await;
            let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
            let idle = self.0.idle().pop_first();
            let (number, conn) = match idle {
                Some(idle) => idle,
                None => {
                    let conn = self.0.file.connect().await?;
                    (self.0.opened.fetch_add(1, Ordering::Relaxed), conn)
                }
            };
            Ok(FileConnection { number, conn, owner: Arc::clone(&self.0), _turn: turn })
        };
        let acquired = timeout(self.0.turns.patience, acquire).await;
        acquired.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// How many nobody uses.
    pub(super) fn idle(&self) -> u64 {
        self.0.idle().len() as u64
    }

    /// How many are in use, of these and of those that take turns with them.
    pub(super) fn busy(&self) -> u64 {
        let free = self.0.turns.free.available_permits() as u64;
        u64::from(self.0.turns.most).saturating_sub(free)
    }

    /// Closes them, once those in use are back, and lends no more; nor do those
    /// that take turns with them.
    pub(super) async fn close(&self) {
        // It fails where they were closed before.
        let _all = self.0.turns.free.acquire_many(self.0.turns.most).await;
        self.0.turns.free.close();
        let idle = std::mem::take(&mut *self.0.idle());
        for conn in idle.into_values() {
            if let Err(error) = conn.close().await {
                tracing::debug!(%error, "a connection did not close in order");
            }
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, BTreeMap<u64, SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use, and its turn.
pub(super) struct FileConnection {
    number: u64,
    conn: SqliteConnection,
    owner: Arc<Shared>,
    _turn: OwnedSemaphorePermit,
}

impl FileConnection {
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.conn
    }

    pub(super) fn give_back(self) {
        self.owner.idle().insert(self.number, self.conn);
    }
}
