//! The store.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::{Changes, Store, StoreError};

use crate::dialect::Dialect;
use crate::fault::{Fault, fault, store_error};
use crate::migrate;
use crate::pool::Pool;
use crate::row::Row;
use crate::sql::{Statement, statement};
use crate::tries::Tries;

/// What is wrong with a database that only reads.
pub(crate) const READ_ONLY: &str =
    "the database is read-only: is this a standby, after a fail-over?";

/// Accounts in an SQL database. Clones share its connections.
#[derive(Clone)]
pub struct SqlStore {
    pool: Pool,
    place: Arc<str>,
}

impl SqlStore {
    pub(crate) fn new(pool: Pool, place: String) -> Self {
        Self { pool, place: place.into() }
    }

    /// Closes its connections, those of its clones too, once what is running
    /// has ended. A store that is just dropped loses nothing either.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.pool.dialect()
    }

    pub(crate) async fn read(&self, statement: &Statement<'_>) -> Result<Vec<Row>, StoreError> {
        self.pool.read(statement).await.map_err(store_error)
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
        let row = self.pool.read_first(statement).await.map_err(store_error)?;
        row.as_ref().map(map).transpose()
    }

    /// Writes by one statement, which commits by itself.
    pub(crate) async fn write(&self, statement: &Statement<'_>) -> Result<u64, StoreError> {
        self.retrying(|| self.pool.write(statement)).await
    }

    /// Writes [counters](Pool::count).
    pub(crate) async fn count(&self, statement: &Statement<'_>) -> Result<Vec<Row>, StoreError> {
        self.retrying(|| self.pool.count(statement)).await
    }

    /// Does the work again as long as the database says that it took it back.
    pub(crate) async fn retrying<T, W: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        work: impl Fn() -> W,
    ) -> Result<T, StoreError> {
        let mut tries = Tries::default();
        loop {
            match work().await {
                Err(error) if fault(&error) == Fault::RolledBack && tries.another().await => {}
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

#[async_trait]
impl Store for SqlStore {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.apply_list(changes).await
    }

    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.purge_some(now, limit).await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some(now) = self.dialect().now() else {
            return Ok(None);
        };
        self.read_one(&statement(now), |row| row.columns().time()).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let known = migrate::known(self.dialect());
        let found = self.read_one(&migrate::select_version(), |row| row.columns().int()).await?;
        if found != Some(known) {
            return Err(StoreError::Failed(format!(
                "the database's schema is version {}, this program knows version {known}",
                found.unwrap_or_default()
            )));
        }
        if let Some(may_write) = self.dialect().may_write() {
            let answer = self.read_one(&statement(may_write), |row| row.columns().int()).await?;
            if answer != Some(1) {
                return Err(StoreError::unavailable(READ_ONLY));
            }
        }
        Ok(())
    }
}
