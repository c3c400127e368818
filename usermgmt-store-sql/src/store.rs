//! The store.

use std::fmt;
use std::sync::Arc;

use usermgmt_core::store::StoreError;

use crate::backoff::Backoff;
use crate::dialect::Dialect;
use crate::fault::{Fault, fault, store_error};
use crate::hook::Hook;
use crate::last_write::LastWrite;
use crate::pool::{Pool, Use};
use crate::row::Row;
use crate::sql::Statement;

/// Accounts in an SQL database. Clones share its connections.
#[derive(Clone)]
pub struct SqlStore {
    pool: Pool,
    place: Arc<str>,
    hook: Option<Hook>,
    last_write: Arc<LastWrite>,
}

impl SqlStore {
    pub(crate) fn new(pool: Pool, place: String) -> Self {
        Self { pool, place: place.into(), hook: None, last_write: Arc::default() }
    }

    pub(crate) fn with_hook(self, hook: Hook) -> Self {
        Self { hook: Some(hook), ..self }
    }

    /// Closes its connections, those of its clones too, once what is running
    /// has ended, or after a few seconds where a server does not answer. A store
    /// that is just dropped loses nothing either. The connections of a pool that
    /// the host has given stay open.
    pub async fn close(&self) {
        #[cfg(feature = "sqlite")]
        self.empty_log().await;
        self.pool.close().await;
    }

    /// Where it fails, the next purge that deletes somebody, or the next stop,
    /// does it.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn empty_log(&self) {
        if let Err(error) = self.pool.empty_log().await {
            tracing::debug!(%error, "the write-ahead log was not emptied");
        }
    }

    pub(crate) fn hook(&self) -> Option<&Hook> {
        self.hook.as_ref()
    }

    pub(crate) fn last_write(&self) -> &LastWrite {
        &self.last_write
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.pool.dialect()
    }

    pub(crate) async fn read(&self, statement: &Statement<'_>) -> Result<Vec<Row>, StoreError> {
        self.pool.fetch(Use::Read, statement).await.map_err(store_error)
    }

    pub(crate) async fn read_all<T>(
        &self,
        statement: &Statement<'_>,
        map: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(statement).await?.iter().map(map).collect()
    }

    pub(crate) async fn read_one<T>(
        &self,
        statement: &Statement<'_>,
        map: impl FnOnce(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.pool.first(statement).await.map_err(store_error)?;
        row.as_ref().map(map).transpose()
    }

    /// Writes by one statement, which commits by itself.
    pub(crate) async fn write(&self, statement: &Statement<'_>) -> Result<u64, StoreError> {
        self.retrying(|| self.pool.execute(statement)).await
    }

    /// Writes [counters](Use::Count).
    pub(crate) async fn count(&self, statement: &Statement<'_>) -> Result<Vec<Row>, StoreError> {
        self.retrying(|| self.pool.fetch(Use::Count, statement)).await
    }

    /// Does the work again as long as the database says that it took it back.
    pub(crate) async fn retrying<T, W: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        work: impl Fn() -> W,
    ) -> Result<T, StoreError> {
        let mut backoff = Backoff::default();
        loop {
            match work().await {
                Err(error) if fault(&error) == Fault::RolledBack && backoff.retry().await => {}
                done => return done.map_err(store_error),
            }
        }
    }
}

/// Where the database is; no password.
impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqlStore").field(&self.place).finish()
    }
}
