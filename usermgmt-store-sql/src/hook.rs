//! Rows of a host's own in every commit that makes, confirms or removes a person.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use usermgmt_core::store::UserChange;

use crate::dialect::Dialect;
use crate::fault::{Fault, fault};
use crate::guard::Stopped;
use crate::pool::Conn;

/// Writes rows of the host's own in the transaction that makes, confirms or
/// removes a person, whichever way that came about: a registration, the users
/// API, a link, the end of the time to confirm, or an operator.
///
/// It runs after the accounts' own statements and before the COMMIT. Where it
/// fails, nothing is written, and whoever asked is told that it failed. The
/// transaction holds locks meanwhile, so a hook talks to this connection and to
/// nothing else. It neither commits nor rolls back, and on MySQL it changes no
/// tables (that commits).
///
/// Where the database takes the transaction back (a deadlock), or the connection
/// breaks and nothing was committed, the whole list runs again, and the hook with
/// it. A list whose COMMIT was answered to nobody is looked for, not run again.
///
/// It does not run in [`SqlStore::apply_in`](crate::SqlStore::apply_in): there the host has the transaction.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # mod example {
/// use usermgmt_core::store::UserChange;
/// use usermgmt_store_sql::{CommitHook, HookError};
///
/// struct Members;
///
/// #[async_trait::async_trait]
/// impl CommitHook<sqlx::Sqlite> for Members {
///     async fn before_commit(
///         &self,
///         conn: &mut sqlx::SqliteConnection,
///         change: &UserChange<'_>,
///     ) -> Result<(), HookError> {
///         match change {
///             UserChange::Created(user) => {
///                 sqlx::query("INSERT INTO members (user_id, plan) VALUES (?, 'free')")
///                     .bind(user.id.as_str())
///                     .execute(conn)
///                     .await?;
///             }
///             UserChange::Deleted { id } => {
///                 sqlx::query("DELETE FROM members WHERE user_id = ?")
///                     .bind(id.as_str())
///                     .execute(conn)
///                     .await?;
///             }
///             _ => {}
///         }
///         Ok(())
///     }
/// }
/// # }
/// ```
#[async_trait]
pub trait CommitHook<DB: sqlx::Database>: Send + Sync + 'static {
    /// Called for each change of a person, in the order of the list.
    ///
    /// # Errors
    /// Any error keeps the list from being written. One of `sqlx` that says that
    /// another try can succeed, or that the connection broke, counts as the
    /// database's; every other one is the host's refusal
    /// ([`StoreError::Refused`](usermgmt_core::store::StoreError::Refused)).
    async fn before_commit(
        &self,
        conn: &mut DB::Connection,
        change: &UserChange<'_>,
    ) -> Result<(), HookError>;
}

/// Why a hook refused.
pub type HookError = Box<dyn Error + Send + Sync>;

/// A hook, and the database that it is for.
#[derive(Clone)]
pub enum Hook {
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<dyn CommitHook<sqlx::Sqlite>>),
    #[cfg(feature = "postgres")]
    Postgres(Arc<dyn CommitHook<sqlx::Postgres>>),
    #[cfg(feature = "mysql")]
    MySql(Arc<dyn CommitHook<sqlx::MySql>>),
}

impl Hook {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Self::MySql(_) => Dialect::MySql,
        }
    }

    pub(crate) async fn run(
        &self,
        conn: &mut Conn<'_>,
        changes: &[UserChange<'_>],
    ) -> Result<(), Stopped> {
        for change in changes {
            let done = match (self, &mut *conn) {
                #[cfg(feature = "sqlite")]
                (Self::Sqlite(hook), Conn::Sqlite(conn)) => hook.before_commit(conn, change).await,
                #[cfg(feature = "postgres")]
                (Self::Postgres(hook), Conn::Postgres(conn)) => {
                    hook.before_commit(conn, change).await
                }
                #[cfg(feature = "mysql")]
                (Self::MySql(hook), Conn::MySql(conn)) => hook.before_commit(conn, change).await,
                #[expect(clippy::allow_attributes, reason = "unreachable with one database")]
                #[allow(unreachable_patterns, reason = "with one database there is no other")]
                _ => unreachable!("a hook is taken for its own database only"),
            };
            done.map_err(stopped)?;
        }
        Ok(())
    }
}

fn stopped(error: HookError) -> Stopped {
    match error.downcast::<sqlx::Error>() {
        Ok(error) => match fault(&error) {
            Fault::RolledBack | Fault::Unavailable => Stopped::Statement(*error),
            Fault::Duplicate | Fault::Other => Stopped::Refused(error),
        },
        Err(error) => Stopped::Refused(error),
    }
}
