//! A connection lent by its pool for one piece of work.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::fault::{Fault, fault};

/// How long a database has to answer what nobody waits for any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection of a pool.
pub(crate) trait Held: Send + 'static {
    fn conn(&mut self) -> Conn<'_>;
    fn give_back(self);
    fn close(self);
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl<DB: crate::host::HostDatabase> Held for sqlx::pool::PoolConnection<DB> {
    fn conn(&mut self) -> Conn<'_> {
        DB::conn(self)
    }

    /// The pool asks whether it still answers, and would wait for ever for a
    /// server that is gone without a word.
    fn give_back(mut self) {
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(timeout(PATIENCE, self.return_to_pool()))),
            Err(_) => Held::close(self),
        }
    }

    fn close(mut self) {
        match Handle::try_current() {
            Ok(_) => self.close_on_drop(),
            // The pool could not close it in order either.
            Err(_) => drop(self.detach()),
        }
    }
}

/// It goes back to the pool when the work has come to its end. Where the
/// connection broke, it is closed. Where it was dropped in the middle, since
/// whoever asked hung up, it is put in order first: to make a new one for each
/// such request would be dear, and to give it back as it is would let the next
/// one wait for the old answer, which a server that is gone never gives.
pub(crate) struct Lent<H: Held> {
    held: Option<H>,
    in_transaction: bool,
}

impl<H: Held> Lent<H> {
    pub(crate) fn of(held: H) -> Self {
        Self { held: Some(held), in_transaction: false }
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        let Some(held) = &mut self.held else {
            unreachable!("only what consumes it takes the connection")
        };
        held.conn()
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
        self.part(is_broken);
        answer
    }

    /// Gives it back after what ended its transaction: where that failed, closing
    /// it ends the transaction.
    pub(crate) fn ended<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.part(answer.is_err());
        answer
    }

    fn part(&mut self, is_broken: bool) {
        match self.held.take() {
            Some(held) if is_broken => held.close(),
            Some(held) => held.give_back(),
            None => {}
        }
    }
}

impl<H: Held> Drop for Lent<H> {
    fn drop(&mut self) {
        let Some(mut held) = self.held.take() else {
            return;
        };
        let in_transaction = self.in_transaction;
        let (Ok(runtime), false) =
            (Handle::try_current(), in_transaction && mixes_answers_up(held.conn().dialect()))
        else {
            held.close();
            return;
        };
        runtime.spawn(async move {
            let in_order = async {
                match in_transaction {
                    true => held.conn().script("ROLLBACK").await,
                    false => held.conn().ping().await,
                }
            };
            match timeout(PATIENCE, in_order).await {
                Ok(Ok(())) => held.give_back(),
                _ => held.close(),
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
