//! A connection to a server, lent by its pool for one piece of work.

use sqlx::pool::PoolConnection;

use crate::conn::Conn;
use crate::fault::{Fault, fault};
use crate::host::HostDatabase;

/// It goes back to the pool when the work has come to its end. Where it was
/// dropped in the middle or the connection broke, it is closed: the pool would
/// wait for the answer that is still to come, and from a server that is gone
/// without a word none ever does.
pub(crate) struct Lent<DB: HostDatabase> {
    conn: PoolConnection<DB>,
    is_done: bool,
}

impl<DB: HostDatabase> Lent<DB> {
    pub(crate) async fn by(pool: &sqlx::Pool<DB>) -> Result<Self, sqlx::Error> {
        Ok(Self { conn: pool.acquire().await?, is_done: false })
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        DB::conn(&mut self.conn)
    }

    /// Gives it back after its last answer.
    pub(crate) fn back<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.is_done = !matches!(&answer, Err(error) if fault(error) == Fault::Unavailable);
        answer
    }
}

impl<DB: HostDatabase> Drop for Lent<DB> {
    fn drop(&mut self) {
        if !self.is_done {
            self.conn.close_on_drop();
        }
    }
}
