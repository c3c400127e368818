//! Connections kept open.

mod checkout;
mod conn;
mod options;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
mod transaction;

pub(crate) use self::checkout::Checkout;
use self::checkout::Pooled;
pub(crate) use self::conn::Conn;
pub use self::options::PoolOptions;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use self::server::{ServerPool, pool_options};
#[cfg(feature = "sqlite")]
pub(crate) use self::sqlite::FilePool;
pub(crate) use self::transaction::Transaction;
use usermgmt_core::store::Connections;

use crate::dialect::Dialect;
use crate::fault::{Fault, fault};
use crate::row::Row;
use crate::sql::Statement;
#[cfg(feature = "sqlite")]
use crate::sql::statement;

/// The connections to one database.
#[derive(Clone)]
pub(crate) enum Pool {
    /// SQLite has one writer at a time, so one connection writes at a time:
    /// writers queue here, in order, and not at the file's lock. Whose turn it is
    /// uses the one for [counters](Use::Count) or the one for all the rest.
    #[cfg(feature = "sqlite")]
    Sqlite { writer: FilePool, counters: FilePool, readers: FilePool },
    #[cfg(feature = "postgres")]
    Postgres(ServerPool<sqlx::Postgres>),
    #[cfg(feature = "mysql")]
    MySql(ServerPool<sqlx::MySql>),
    /// The host's, with the host's settings.
    Host(HostPool),
}

/// A pool that the host has already; see [`SqlStore::from_pool`](crate::SqlStore::from_pool).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum HostPool {
    /// SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    /// MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

macro_rules! from_pool {
    ($feature:literal, $pool:ty, $variant:ident) => {
        #[cfg(feature = $feature)]
        impl From<$pool> for HostPool {
            fn from(pool: $pool) -> Self {
                Self::$variant(pool)
            }
        }
    };
}

from_pool!("sqlite", sqlx::SqlitePool, Sqlite);
from_pool!("postgres", sqlx::PgPool, Postgres);
from_pool!("mysql", sqlx::MySqlPool, MySql);

/// What a connection is lent for. To a server any one will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            Self::Sqlite { .. } | Self::Host(HostPool::Sqlite(_)) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) | Self::Host(HostPool::Postgres(_)) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Self::MySql(_) | Self::Host(HostPool::MySql(_)) => Dialect::MySql,
        }
    }

    /// How many there are.
    pub(crate) fn connections(&self) -> Connections {
        let (all, idle) = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { writer, counters, readers } => {
                let idle = writer.idle() + counters.idle() + readers.idle();
                // The counters' take turns with the writer.
                return Connections { idle, busy: writer.busy() + readers.busy() };
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => (pool.size(), pool.idle()),
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => (pool.size(), pool.idle()),
            #[cfg(feature = "sqlite")]
            Self::Host(HostPool::Sqlite(pool)) => (pool.size(), pool.num_idle()),
            #[cfg(feature = "postgres")]
            Self::Host(HostPool::Postgres(pool)) => (pool.size(), pool.num_idle()),
            #[cfg(feature = "mysql")]
            Self::Host(HostPool::MySql(pool)) => (pool.size(), pool.num_idle()),
        };
        let (all, idle) = (u64::from(all), idle as u64);
        Connections { idle, busy: all.saturating_sub(idle) }
    }

    /// Waits for a connection and lends it.
    #[cfg_attr(
        not(feature = "sqlite"),
        expect(unused_variables, reason = "of a server's connections any one will do")
    )]
    pub(crate) async fn lend(&self, to: Use) -> Result<Checkout, sqlx::Error> {
        let pooled = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { writer, counters, readers } => {
                let pool = match to {
                    Use::Read => readers,
                    Use::Write => writer,
                    Use::Count => counters,
                };
                Pooled::File(pool.acquire().await?)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => Pooled::Postgres(pool.acquire().await?),
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => Pooled::MySql(pool.acquire().await?),
            #[cfg(feature = "sqlite")]
            Self::Host(HostPool::Sqlite(pool)) => Pooled::Sqlite(pool.acquire().await?),
            #[cfg(feature = "postgres")]
            Self::Host(HostPool::Postgres(pool)) => Pooled::Postgres(pool.acquire().await?),
            #[cfg(feature = "mysql")]
            Self::Host(HostPool::MySql(pool)) => Pooled::MySql(pool.acquire().await?),
        };
        Ok(Checkout::new(pooled))
    }

    /// Runs one statement, which commits by itself, and reads its rows.
    pub(crate) async fn fetch(
        &self,
        to: Use,
        statement: &Statement<'_>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let mut spares = self.spares(to);
        loop {
            let mut conn = self.lend(to).await?;
            let rows = conn.conn().fetch(statement).await;
            match conn.give_back(rows) {
                Err(error) if spares.take_after(&error) => {}
                rows => return rows,
            }
        }
    }

    /// Reads the first row.
    pub(crate) async fn first(
        &self,
        statement: &Statement<'_>,
    ) -> Result<Option<Row>, sqlx::Error> {
        let mut spares = self.spares(Use::Read);
        loop {
            let mut conn = self.lend(Use::Read).await?;
            let row = conn.conn().first(statement).await;
            match conn.give_back(row) {
                Err(error) if spares.take_after(&error) => {}
                row => return row,
            }
        }
    }

    /// Writes by one statement, which commits by itself, and says how many rows.
    /// It is sent once: where the connection breaks, it may have been done.
    pub(crate) async fn execute(&self, statement: &Statement<'_>) -> Result<u64, sqlx::Error> {
        let mut conn = self.lend(Use::Write).await?;
        let written = conn.conn().execute(statement).await;
        conn.give_back(written)
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let begin = match self {
            // A transaction that begins by reading could not become a writer
            // once another one has written.
            #[cfg(feature = "sqlite")]
            Self::Sqlite { .. } | Self::Host(HostPool::Sqlite(_)) => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            Self::Host(HostPool::Postgres(_)) => "BEGIN ISOLATION LEVEL READ COMMITTED",
            #[cfg(feature = "mysql")]
            Self::Host(HostPool::MySql(_)) => {
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN"
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "BEGIN",
            #[cfg(feature = "mysql")]
            Self::MySql(_) => "BEGIN",
        };
        // BEGIN alone has done nothing.
        let mut spares = self.spares(Use::Read);
        loop {
            match Transaction::begin(self.lend(Use::Write).await?, begin).await {
                Err(error) if spares.take_after(&error) => {}
                begun => return begun,
            }
        }
    }

    /// Empties SQLite's write-ahead log into the database, so that what was
    /// deleted is in neither. Readers that are in the middle are waited for.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn empty_log(&self) -> Result<(), sqlx::Error> {
        if self.dialect() != Dialect::Sqlite {
            return Ok(());
        }
        let mut conn = self.lend(Use::Write).await?;
        let done = conn.conn().fetch(&statement("PRAGMA wal_checkpoint(TRUNCATE)")).await;
        conn.give_back(done).map(drop)
    }

    /// Closes its connections. The host's stay open.
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
            Self::Host(_) => {}
        }
    }

    /// How often what only reads may be asked again, because the connection that
    /// it was asked on turned out to be dead: as often as there are others that
    /// may have died with it, and once on a new one. A file does not die.
    fn spares(&self, to: Use) -> Spares {
        let size = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { .. } | Self::Host(HostPool::Sqlite(_)) => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => Some(pool.size()),
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => Some(pool.size()),
            #[cfg(feature = "postgres")]
            Self::Host(HostPool::Postgres(pool)) => Some(pool.size()),
            #[cfg(feature = "mysql")]
            Self::Host(HostPool::MySql(pool)) => Some(pool.size()),
        };
        Spares(size.filter(|_| to == Use::Read).map_or(0, |size: u32| size + 1))
    }
}

/// How many more connections may be tried.
struct Spares(u32);

impl Spares {
    /// Whether to ask again after this error.
    fn take_after(&mut self, error: &sqlx::Error) -> bool {
        let is_dead = fault(error) == Fault::Unavailable
            && !matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed);
        if is_dead && self.0 > 0 {
            self.0 -= 1;
            return true;
        }
        false
    }
}
