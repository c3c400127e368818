//! Connections kept open.

mod checkout;
mod conn;
mod options;
#[cfg(feature = "sqlite")]
mod sqlite;
mod transaction;

use self::checkout::{Checkout, Pooled};
pub(crate) use self::conn::Conn;
pub use self::options::PoolOptions;
#[cfg(feature = "sqlite")]
pub(crate) use self::sqlite::FilePool;
pub(crate) use self::transaction::Transaction;
use crate::dialect::Dialect;
use crate::row::Row;
use crate::sql::Statement;

/// The connections to one database.
#[derive(Clone)]
pub(crate) enum Pool {
    /// SQLite has one writer at a time, so one connection writes at a time:
    /// writers queue here, in order, and not at the file's lock. Whose turn it is
    /// uses the one for [counters](Use::Count) or the one for all the rest.
    #[cfg(feature = "sqlite")]
    Sqlite { writer: FilePool, counters: FilePool, readers: FilePool },
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

/// What a connection is lent for. To a server any one will do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    /// Reading.
    Read,
    /// Writing accounts: what was answered is on disk.
    Write,
    /// Writing counters. SQLite does not wait for the disk: what was counted
    /// outlives the process, and only a power cut, which nobody who guesses can
    /// order, may take the last of it back.
    Count,
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

    /// Waits for a connection and lends it.
    async fn lend(&self, to: Use) -> Result<Checkout, sqlx::Error> {
        let pooled = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { writer, counters, readers } => {
                let pool = match to {
                    Use::Read => readers,
                    Use::Write => writer,
                    Use::Count => counters,
                };
                Pooled::Sqlite(pool.acquire().await?)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => Pooled::Postgres(pool.acquire().await?),
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => Pooled::MySql(pool.acquire().await?),
        };
        Ok(Checkout::new(pooled))
    }

    /// Runs one statement, which commits by itself, and reads its rows.
    pub(crate) async fn fetch(
        &self,
        to: Use,
        statement: &Statement<'_>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let mut conn = self.lend(to).await?;
        let rows = conn.conn().fetch(statement).await;
        conn.give_back(rows)
    }

    /// Reads the first row.
    pub(crate) async fn first(
        &self,
        statement: &Statement<'_>,
    ) -> Result<Option<Row>, sqlx::Error> {
        let mut conn = self.lend(Use::Read).await?;
        let row = conn.conn().first(statement).await;
        conn.give_back(row)
    }

    /// Writes by one statement, which commits by itself, and says how many rows.
    pub(crate) async fn execute(&self, statement: &Statement<'_>) -> Result<u64, sqlx::Error> {
        let mut conn = self.lend(Use::Write).await?;
        let written = conn.conn().execute(statement).await;
        conn.give_back(written)
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let begin = match self.dialect() {
            // A transaction that begins by reading could not become a writer
            // once another one has written.
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => "BEGIN",
        };
        Transaction::begin(self.lend(Use::Write).await?, begin).await
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
