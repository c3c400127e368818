//! A connection checked out of its pool for one piece of work.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::conn::Conn;
#[cfg(feature = "sqlite")]
use super::sqlite::FileConnection;
use crate::dialect::Dialect;
use crate::fault::{Fault, fault};

/// How long a database has to answer what nobody waits for any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection of a pool.
pub(super) enum Pooled {
    #[cfg(feature = "sqlite")]
    File(FileConnection),
    #[cfg(feature = "sqlite")]
    Sqlite(PoolConnection<sqlx::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(PoolConnection<sqlx::Postgres>),
    #[cfg(feature = "mysql")]
    MySql(PoolConnection<sqlx::MySql>),
}

impl Pooled {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::File(conn) => Conn::Sqlite(conn.conn()),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => Conn::Postgres(conn),
            #[cfg(feature = "mysql")]
            Self::MySql(conn) => Conn::MySql(conn),
        }
    }

    fn give_back(self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::File(conn) => conn.give_back(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => give_back(conn),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => give_back(conn),
            #[cfg(feature = "mysql")]
            Self::MySql(conn) => give_back(conn),
        }
    }

    fn close(self) {
        match self {
            // Its thread rolls back what it had begun, and ends.
            #[cfg(feature = "sqlite")]
            Self::File(conn) => drop(conn),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => close(conn),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => close(conn),
            #[cfg(feature = "mysql")]
            Self::MySql(conn) => close(conn),
        }
    }
}

/// The pool asks whether it still answers, and would wait for ever for a
/// server that is gone without a word.
fn give_back<DB: sqlx::Database>(mut conn: PoolConnection<DB>) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(timeout(PATIENCE, conn.return_to_pool()))),
        Err(_) => close(conn),
    }
}

fn close<DB: sqlx::Database>(mut conn: PoolConnection<DB>) {
    match Handle::try_current() {
        Ok(_) => conn.close_on_drop(),
        // The pool could not close it in order either.
        Err(_) => drop(conn.detach()),
    }
}

/// It goes back to the pool when the work has come to its end. Where the
/// connection broke, it is closed. Where it was dropped in the middle, since
/// whoever asked hung up, it is put in order first: to make a new one for each
/// such request would be dear, and to give it back as it is would let the next
/// one wait for the old answer, which a server that is gone never gives.
pub(crate) struct Checkout {
    pooled: Option<Pooled>,
    in_transaction: bool,
}

impl Checkout {
    pub(super) fn new(pooled: Pooled) -> Self {
        Self { pooled: Some(pooled), in_transaction: false }
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        let Some(pooled) = &mut self.pooled else {
            unreachable!("only what consumes it takes the connection")
        };
        pooled.conn()
    }

    /// Begins a transaction on it.
    pub(super) async fn begin(mut self, how: &'static str) -> Result<Self, sqlx::Error> {
        self.in_transaction = true;
        let begun = self.conn().script(how).await;
        match begun {
            Ok(()) => Ok(self),
            Err(error) => self.end(Err(error)),
        }
    }

    /// Gives it back after its last answer.
    pub(crate) fn give_back<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let is_broken = matches!(&answer, Err(error) if fault(error) == Fault::Unavailable);
        self.part(is_broken);
        answer
    }

    /// Gives it back after what ended its transaction: where that failed, closing
    /// it ends the transaction.
    pub(super) fn end<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.part(answer.is_err());
        answer
    }

    fn part(&mut self, is_broken: bool) {
        match self.pooled.take() {
            Some(pooled) if is_broken => pooled.close(),
            Some(pooled) => pooled.give_back(),
            None => {}
        }
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let Some(mut pooled) = self.pooled.take() else {
            return;
        };
        let in_transaction = self.in_transaction;
        let (Ok(runtime), false) =
            (Handle::try_current(), in_transaction && mixes_answers_up(pooled.conn().dialect()))
        else {
            pooled.close();
            return;
        };
        runtime.spawn(async move {
            let in_order = async {
                match in_transaction {
                    true => pooled.conn().script("ROLLBACK").await,
                    false => pooled.conn().ping().await,
                }
            };
            match timeout(PATIENCE, in_order).await {
                Ok(Ok(())) => pooled.give_back(),
                _ => pooled.close(),
            }
        });
    }
}

/// Whether what is said in the middle of another answer could be taken for
/// answered by the rest of that one, as by some proxies for MySQL.
fn mixes_answers_up(dialect: Dialect) -> bool {
    match dialect {
        #[cfg(feature = "mysql")]
        Dialect::MySql => true,
        #[cfg(any(feature = "sqlite", feature = "postgres"))]
        _ => false,
    }
}
