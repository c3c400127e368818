//! A transaction.

use super::checkout::Checkout;
use super::conn::Conn;
use crate::fault::{Fault, fault};

/// A transaction that writes. It rolls back when it is dropped.
pub(crate) struct Transaction(Checkout);

impl Transaction {
    /// Begins one on the connection.
    pub(super) async fn begin(conn: Checkout, how: &'static str) -> Result<Self, sqlx::Error> {
        conn.begin(how).await.map(Self)
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        self.0.conn()
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
        self.0.end(ended)
    }
}
