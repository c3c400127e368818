//! What a host adds to the commits of accounts, and accounts inside a transaction
//! of the host.

use std::sync::Arc;

use sqlx::Connection as _;
use usermgmt_core::store::{Changes, StoreError};

use crate::error::ConnectError;
use crate::fault::store_error;
use crate::guard::Stopped;
use crate::hook::{CommitHook, Hook};
use crate::plan::{Plan, Ran};
use crate::pool::Conn;
use crate::store::SqlStore;

mod sealed {
    use std::sync::Arc;

    use crate::hook::{CommitHook, Hook};
    use crate::pool::Conn;

    pub trait Sealed: sqlx::Database {
        fn conn(connection: &mut Self::Connection) -> Conn<'_>;
        fn hook(hook: Arc<dyn CommitHook<Self>>) -> Hook;
    }
}

/// A database whose transactions [`SqlStore::apply_in`] can join.
pub trait HostDatabase: sealed::Sealed {}

macro_rules! host_database {
    ($feature:literal, $database:ty, $conn:ident) => {
        #[cfg(feature = $feature)]
        impl sealed::Sealed for $database {
            fn conn(connection: &mut Self::Connection) -> Conn<'_> {
                Conn::$conn(connection)
            }

            fn hook(hook: Arc<dyn CommitHook<Self>>) -> Hook {
                Hook::$conn(hook)
            }
        }
        #[cfg(feature = $feature)]
        impl HostDatabase for $database {}
    };
}

host_database!("sqlite", sqlx::Sqlite, Sqlite);
host_database!("postgres", sqlx::Postgres, Postgres);
host_database!("mysql", sqlx::MySql, MySql);

impl SqlStore {
    /// Runs the hook in every commit that makes, confirms or removes a person,
    /// from now on and for clones made from now on.
    ///
    /// # Errors
    /// [`ConnectError::OtherDatabase`] where the store is of another database
    /// than the hook.
    pub fn with_commit_hook<DB: HostDatabase>(
        self,
        hook: impl CommitHook<DB>,
    ) -> Result<Self, ConnectError> {
        let hook = DB::hook(Arc::new(hook));
        match hook.dialect() == self.dialect() {
            true => Ok(self.with_hook(hook)),
            false => Err(ConnectError::OtherDatabase),
        }
    }

    /// Applies a list of changes inside a transaction of the host, so that the
    /// host's own rows and the accounts commit or roll back together. It runs in
    /// a savepoint: where it fails, the transaction is as it was before.
    ///
    /// It is not replayed: whether and how the transaction is tried again is the
    /// host's to decide. On SQLite the transaction should begin with
    /// `BEGIN IMMEDIATE`, or it cannot write once another one has. The changes
    /// are there for everybody else when the host commits, mail included; a
    /// worker that waits for mail notices it at its next look, or when
    /// `Auth::committed` is called. The [crate's documentation](crate) has
    /// a registration as an example.
    ///
    /// A host that drops this future before it is done must roll its transaction
    /// back: part of the list may have been written.
    ///
    /// ```
    /// # use usermgmt_core::store::Changes;
    /// # use usermgmt_store_sql::SqlStore;
    /// # #[cfg(feature = "sqlite")]
    /// # async fn order(
    /// #     pool: &sqlx::SqlitePool,
    /// #     changes: &Changes,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    /// sqlx::query("INSERT INTO orders (id) VALUES (1)").execute(&mut *tx).await?;
    /// SqlStore::apply_in(&mut tx, changes).await?;
    /// tx.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Conflict`] names the first guard that failed. After any
    /// other error the transaction may be gone: roll it back.
    /// [`StoreError::Unavailable`] is also what a deadlock or a lock that was
    /// waited for too long comes to: the transaction can be tried again.
    pub async fn apply_in<DB: HostDatabase>(
        tx: &mut sqlx::Transaction<'_, DB>,
        changes: &Changes,
    ) -> Result<(), StoreError> {
        let mut savepoint = tx.begin().await.map_err(store_error)?;
        let mut conn = DB::conn(&mut savepoint);
        let plan = Plan::new(changes, conn.dialect(), None);
        let ran = plan.run(&mut conn).await;
        let done = match &ran {
            Ok(Ran::Written) => savepoint.commit().await,
            Ok(Ran::Found) | Err(_) => savepoint.rollback().await,
        };
        match ran {
            Err(Stopped::Guard(guard)) => {
                done.map_err(store_error)?;
                Err(StoreError::Conflict(guard))
            }
            Err(Stopped::Refused(why)) => Err(StoreError::Refused(why)),
            Err(Stopped::Statement(error) | Stopped::Commit(error)) => Err(store_error(error)),
            Ok(_) => done.map_err(store_error),
        }
    }
}
