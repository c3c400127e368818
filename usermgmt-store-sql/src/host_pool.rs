//! A store over a pool that the host has already.

use crate::connect::check;
use crate::error::ConnectError;
use crate::migrate::migrate;
use crate::pool::{HostPool, Pool, Use};
use crate::store::SqlStore;

impl SqlStore {
    /// Keeps accounts over a pool that the host has already: sqlx's `SqlitePool`,
    /// `PgPool` or `MySqlPool`. Creates the tables or brings them up to date. The
    /// pool stays the host's, with its settings, and stays open when the store is
    /// [closed](Self::close).
    ///
    /// What [`connect`](Self::connect) sets on its own connections is the host's
    /// to set here: on SQLite `journal_mode(Wal)`, `synchronous(Full)` (what was
    /// answered is on disk), and the pragma `secure_delete` (a deleted person is
    /// not read from free space); on servers a `lock_timeout` and, on PostgreSQL,
    /// `idle_in_transaction_session_timeout`. MySQL must be strict and speak
    /// utf8mb4, which it does unless it is told otherwise.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use usermgmt_store_sql::SqlStore;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let url = format!("sqlite:{}/app.db?mode=rwc", folder.path().display());
    /// let pool = sqlx::SqlitePool::connect(&url).await?;
    /// let store = SqlStore::from_pool(pool.clone()).await?;
    /// # drop(store);
    /// # pool.close().await;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`ConnectError`] says what is wrong: the database, its schema, or what the
    /// pool's connections are set to.
    pub async fn from_pool(pool: impl Into<HostPool>) -> Result<Self, ConnectError> {
        let pool = Pool::Host(pool.into());
        let mut conn = pool.lend(Use::Write).await?;
        check::encoding(&mut conn.conn()).await?;
        migrate(&mut conn.conn()).await?;
        conn.give_back(Ok(()))?;
        let place = format!("a pool of the host, {:?}", pool.dialect());
        Ok(Self::new(pool, place))
    }
}
