//! SQLite: one file, many readers, one writer.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::error::ConnectError;
use crate::fault::{Fault, fault};
use crate::migrate;
use crate::pool::{Conn, FilePool, Pool, PoolOptions};
use crate::store::SqlStore;

/// How much of the write-ahead log stays on disk after a burst: 64 MiB.
const JOURNAL_SIZE_LIMIT: &str = "67108864";
/// How much of the file each reader keeps in memory, in KiB, instead of 2,000: it forgets
/// all of it whenever somebody writes, and the operating system has it too.
const READERS_CACHE: &str = "-512";

/// The parameters that an SQLite URL can have, for whoever wrote another one.
const PARAMETERS: [&str; 4] = ["mode", "cache", "immutable", "vfs"];

/// What the URL says of the file.
pub(super) fn file(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(ConnectError::NoFile);
    }
    let file = SqliteConnectOptions::from_str(url).map_err(|_| refused(url))?;
    if file.get_filename().as_os_str().is_empty() {
        return Err(ConnectError::NoFile);
    }
    Ok(file)
}

/// Why sqlx cannot read the URL: which of its parameters it is, or the file.
fn refused(url: &str) -> ConnectError {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let is_bad =
        |pair: &&str| SqliteConnectOptions::from_str(&format!("sqlite:file?{pair}")).is_err();
    let Some(pair) = query.split('&').find(is_bad) else {
        return ConnectError::NoFile;
    };
    let name = pair.split_once('=').map_or(pair, |(name, _)| name).to_owned();
    if PARAMETERS.contains(&name.as_str()) {
        ConnectError::BadParameter { name }
    } else {
        ConnectError::UnknownParameter { name, known: PARAMETERS.join(", ") }
    }
}

pub(super) async fn connect(url: &str, options: &PoolOptions) -> Result<SqlStore, ConnectError> {
    let file = file(url)?;
    let path = file.get_filename().to_owned();
    create(&path)?;
    let file = file
        .busy_timeout(options.acquire_timeout)
        .synchronous(SqliteSynchronous::Full)
        // A table of the host's that refers to users means the same as elsewhere.
        .foreign_keys(true)
        .statement_cache_capacity(200)
        .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
        // What is deleted is overwritten: a deleted person must not be read from
        // the free space of the file.
        .pragma("secure_delete", "ON");

    // A migration may make a table anew, which is no deletion of its rows.
    let migrating = file.clone().foreign_keys(false);
    let mut first = open_first(&migrating, options.acquire_timeout).await?;
    if options.migrate {
        migrate::migrate(&mut Conn::Sqlite(&mut first)).await?;
    }
    first.close().await?;

    let patience = options.acquire_timeout;
    let writer = FilePool::new(file.clone(), 1, patience);
    let counters = writer.beside(file.clone().synchronous(SqliteSynchronous::Normal));
    let reading = file.pragma("query_only", "ON").pragma("cache_size", READERS_CACHE);
    let readers = FilePool::new(reading, options.max_connections, patience);
    let place = format!("sqlite:{}", path.display());
    Ok(SqlStore::new(Pool::Sqlite { writer, counters, readers }, place))
}

/// Creates the file, readable by its owner alone; SQLite gives the files that
/// it puts beside it the same mode.
fn create(path: &Path) -> Result<(), ConnectError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // Closing any descriptor of a file drops all of the process's locks on
        // it (POSIX), those of an SQLite connection that was quicker included.
        // A database is created once: this one descriptor stays open.
        Ok(file) => {
            std::mem::forget(file);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(ConnectError::Create { path: path.to_owned(), source }),
    }
}

/// Turning the write-ahead log on takes a lock that SQLite's busy time-out does
/// not wait for, so that is done here, where several processes begin at once.
async fn open_first(
    file: &SqliteConnectOptions,
    patience: Duration,
) -> Result<SqliteConnection, ConnectError> {
    const PAUSE: Duration = Duration::from_millis(10);
    let file = file.clone().journal_mode(SqliteJournalMode::Wal);
    let mut waited = Duration::ZERO;
    loop {
        match file.connect().await {
            Err(error) if fault(&error) == Fault::Unavailable && waited < patience => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            opened => return Ok(opened?),
        }
    }
}
