//! Connections kept open.

use std::time::Duration;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use sqlx::pool::PoolConnection;

use crate::conn::Conn;
#[cfg(feature = "sqlite")]
use crate::connections::{Connections, FileConnection};
use crate::dialect::Dialect;
use crate::fault::{Fault, fault};
use crate::lent::Lent;
use crate::row::Row;
use crate::sql::Statement;

/// How connections are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    pub(crate) max_connections: u32,
    pub(crate) min_connections: u32,
    pub(crate) acquire_timeout: Duration,
}

impl Default for PoolOptions {
    /// At most 10 connections, none kept without need, 5 seconds to wait.
    fn default() -> Self {
        Self { max_connections: 10, min_connections: 0, acquire_timeout: Duration::from_secs(5) }
    }
}

impl PoolOptions {
    /// The most connections at a time. On SQLite they are the ones that read;
    /// two more write, one at a time.
    #[must_use]
    pub fn max_connections(mut self, number: u32) -> Self {
        self.max_connections = number.max(1);
        self
    }

    /// How many connections stay open when nothing needs them. SQLite keeps
    /// those that it opened.
    #[must_use]
    pub fn min_connections(mut self, number: u32) -> Self {
        self.min_connections = number;
        self
    }

    /// How long to wait for a connection, for a lock of the database, and for
    /// the database at the start, before the store counts as unavailable. From
    /// a millisecond to an hour.
    #[must_use]
    pub fn acquire_timeout(mut self, time: Duration) -> Self {
        self.acquire_timeout = time.clamp(Duration::from_millis(1), Duration::from_secs(3600));
        self
    }
}

/// The connections to one database.
#[derive(Clone)]
pub(crate) enum Pool {
    /// SQLite has one writer at a time, so one connection writes at a time:
    /// writers queue here, in order, and not at the file's lock. Whose turn it is
    /// uses the one for [counters](Pool::count) or the one for all the rest.
    #[cfg(feature = "sqlite")]
    Sqlite { writer: Connections, counters: Connections, readers: Connections },
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

impl Pool {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { .. } => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Self::MySql(_) => Dialect::MySql,
        }
    }

    /// Reads.
    pub(crate) async fn read(&self, statement: &Statement<'_>) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { readers, .. } => {
                let mut lent = readers.lend().await?;
                let rows = lent.conn().fetch(statement).await;
                lent.back(rows)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                let mut lent = Lent::of(pool.acquire().await?);
                let rows = lent.conn().fetch(statement).await;
                lent.back(rows)
            }
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => {
                let mut lent = Lent::of(pool.acquire().await?);
                let rows = lent.conn().fetch(statement).await;
                lent.back(rows)
            }
        }
    }

    /// Reads the first row.
    pub(crate) async fn read_first(
        &self,
        statement: &Statement<'_>,
    ) -> Result<Option<Row>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { readers, .. } => {
                let mut lent = readers.lend().await?;
                let row = lent.conn().first(statement).await;
                lent.back(row)
            }
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => Ok(self.read(statement).await?.into_iter().next()),
        }
    }

    /// Writes by one statement, which commits by itself, and says how many rows.
    pub(crate) async fn write(&self, statement: &Statement<'_>) -> Result<u64, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { writer, .. } => {
                let mut lent = writer.lend().await?;
                let written = lent.conn().execute(statement).await;
                lent.back(written)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                let mut lent = Lent::of(pool.acquire().await?);
                let written = lent.conn().execute(statement).await;
                lent.back(written)
            }
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => {
                let mut lent = Lent::of(pool.acquire().await?);
                let written = lent.conn().execute(statement).await;
                lent.back(written)
            }
        }
    }

    /// Writes counters by one statement, and answers with its rows. SQLite does
    /// not wait for the disk: what was counted outlives the process, and only a
    /// power cut, which nobody who guesses can order, may take the last of it back.
    pub(crate) async fn count(&self, statement: &Statement<'_>) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { counters, .. } => {
                let mut lent = counters.lend().await?;
                let rows = lent.conn().fetch(statement).await;
                lent.back(rows)
            }
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => self.read(statement).await,
        }
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        match self {
            // A transaction that begins by reading could not become a writer
            // once another one has written.
            #[cfg(feature = "sqlite")]
            Self::Sqlite { writer, .. } => {
                writer.lend().await?.begun("BEGIN IMMEDIATE").await.map(Tx::Sqlite)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                Lent::of(pool.acquire().await?).begun("BEGIN").await.map(Tx::Postgres)
            }
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => {
                Lent::of(pool.acquire().await?).begun("BEGIN").await.map(Tx::MySql)
            }
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { writer, counters, readers } => {
                readers.close().await;
                counters.close().await;
                // The last one to close empties the write-ahead log.
                writer.close().await;
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.close().await,
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => pool.close().await,
        }
    }
}

/// A transaction. It rolls back when it is dropped.
pub(crate) enum Tx {
    #[cfg(feature = "sqlite")]
    Sqlite(Lent<FileConnection>),
    #[cfg(feature = "postgres")]
    Postgres(Lent<PoolConnection<sqlx::Postgres>>),
    #[cfg(feature = "mysql")]
    MySql(Lent<PoolConnection<sqlx::MySql>>),
}

impl Tx {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(lent) => lent.conn(),
            #[cfg(feature = "postgres")]
            Self::Postgres(lent) => lent.conn(),
            #[cfg(feature = "mysql")]
            Self::MySql(lent) => lent.conn(),
        }
    }

    /// Ends it by what became of the work in it.
    pub(crate) async fn end_with<T>(self, work: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        match work {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => Err(self.roll_back_after(error).await),
        }
    }

    /// Takes everything back after an error, and says which one to tell: only
    /// what is known to be rolled back may be tried again.
    pub(crate) async fn roll_back_after(self, error: sqlx::Error) -> sqlx::Error {
        match self.roll_back().await {
            Err(lost) if fault(&error) == Fault::RolledBack => lost,
            _ => error,
        }
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        self.end("COMMIT").await
    }

    /// Where it fails, closing the connection takes everything back.
    pub(crate) async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &'static str) -> Result<(), sqlx::Error> {
        let ended = self.conn().script(how).await;
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(lent) => lent.ended(ended),
            #[cfg(feature = "postgres")]
            Self::Postgres(lent) => lent.ended(ended),
            #[cfg(feature = "mysql")]
            Self::MySql(lent) => lent.ended(ended),
        }
    }
}
