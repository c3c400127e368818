//! A connection lent by its pool for one piece of work.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::pool::PoolConnection;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::conn::Conn;
use crate::fault::{Fault, fault};
use crate::host::HostDatabase;

/// How long a database has to answer what nobody waits for any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// It goes back to the pool when the work has come to its end. Where the
/// connection broke, it is closed. Where it was dropped in the middle, since
/// whoever asked hung up, it is put in order first: to make a new one for each
/// such request would be dear, and to give it back as it is would let the next
/// one wait for the old answer, which a server that is gone never gives.
pub(crate) struct Lent<DB: HostDatabase> {
    conn: Option<PoolConnection<DB>>,
    in_transaction: bool,
}

impl<DB: HostDatabase> Lent<DB> {
    pub(crate) async fn by(pool: &sqlx::Pool<DB>) -> Result<Self, sqlx::Error> {
        Ok(Self { conn: Some(pool.acquire().await?), in_transaction: false })
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        let Some(conn) = &mut self.conn else {
            unreachable!("only what consumes it takes the connection")
        };
        DB::conn(conn)
    }

    /// Begins a transaction on it.
    pub(crate) async fn begun(mut self, how: &'static str) -> Result<Self, sqlx::Error> {
        self.in_transaction = true;
        let begun = self.conn().script(how).await;
        match begun {
            Ok(()) => Ok(self),
            Err(error) => self.ended(Err(error)),
        }
    }

    /// Gives it back after its last answer.
    pub(crate) fn back<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let is_broken = matches!(&answer, Err(error) if fault(error) == Fault::Unavailable);
        self.give_back(is_broken);
        answer
    }

    /// Gives it back after what ended its transaction: where that failed, closing
    /// it ends the transaction.
    pub(crate) fn ended<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.give_back(answer.is_err());
        answer
    }

    fn give_back(&mut self, is_broken: bool) {
        if let Some(mut conn) = self.conn.take()
            && is_broken
        {
            conn.close_on_drop();
        }
    }
}

impl<DB: HostDatabase> Drop for Lent<DB> {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else {
            return;
        };
        let in_transaction = self.in_transaction;
        let Ok(runtime) = Handle::try_current() else {
            conn.close_on_drop();
            return;
        };
        runtime.spawn(async move {
            let in_order = async {
                match in_transaction {
                    true => DB::conn(&mut conn).script("ROLLBACK").await,
                    false => conn.ping().await,
                }
            };
            if !matches!(timeout(PATIENCE, in_order).await, Ok(Ok(()))) {
                conn.close_on_drop();
            }
        });
    }
}
