//! SQL storage for [`usermgmt`](usermgmt_core): one [`SqlStore`] for SQLite
//! (feature `sqlite`, on by default), PostgreSQL (feature `postgres`) and MySQL or
//! MariaDB (feature `mysql`). The URL's scheme picks the database at run time.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use usermgmt_core::store::Store as _;
//! use usermgmt_core::{Auth, Config, KeyRing};
//! use usermgmt_store_sql::{PoolOptions, SqlStore};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path().display();
//! let url = format!("sqlite:{folder}/accounts.db");
//! let store = SqlStore::connect(&url, PoolOptions::default()).await?;
//! store.ping().await?;
//!
//! # let secret = (0..32).collect();
//! let config = Config::new("https://accounts.example.com".parse()?);
//! let auth = Auth::builder(store.clone(), KeyRing::single(secret)?, config).build().await?;
//! assert!(auth.find_user("ada").await?.is_none());
//!
//! store.close().await;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! Where to go next:
//! - [`SqlStore::connect`]: the URL of each database.
//! - [`PoolOptions`]: how many connections, and how long to wait for one.
//! - [`CommitHook`]: rows of your own in every commit that makes, confirms or
//!   removes a person.
//! - [`SqlStore::apply_in`]: accounts inside a transaction of your own.
//! - [`SqlStore::from_pool`]: over a pool that you have already.
//!
//! The tables are named `usermgmt_…`, so that they can live in a database beside
//! a team's own. [`SqlStore::connect`] creates them and brings them up to date.
//!
//! # Tables of a team's own that refer to users
//! Have a [`CommitHook`] delete their rows with the user. A row that refers to
//! `usermgmt_users (id)` by a foreign key and is still there keeps what is left of
//! a deleted user (an id, nothing personal) from being purged: that is logged, and
//! holds nobody else up. `ON DELETE CASCADE` works on every database, but only at
//! the purge, some time after the deletion. The column has the type that
//! `usermgmt_users.id` has: `TEXT` on SQLite and PostgreSQL, `VARBINARY(36)` on MySQL.
//!
//! # Rows of a team's own in a registration
//! A registration and the rows that belong to it commit or roll back together,
//! the mail to confirm the address included:
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # mod example {
//! use std::error::Error;
//!
//! use usermgmt_core::{Auth, Client};
//! use usermgmt_core::flows::Register;
//! use usermgmt_core::store::{Guard, StoreError};
//! use usermgmt_store_sql::SqlStore;
//!
//! /// `false` where the username is taken.
//! async fn join(
//!     auth: &Auth,
//!     pool: &sqlx::SqlitePool,
//!     command: &Register,
//!     client: &Client,
//! ) -> Result<bool, Box<dyn Error>> {
//!     for _ in 0..5 {
//!         // Hashes the password, so it comes before the transaction.
//!         let prepared = auth.prepare_registration(command, client).await?;
//!         // On PostgreSQL and MySQL: `pool.begin()`.
//!         let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
//!         sqlx::query("INSERT INTO members (name) VALUES (?)")
//!             .bind(command.username.as_str())
//!             .execute(&mut *tx)
//!             .await?;
//!         match SqlStore::apply_in(&mut tx, &prepared.changes).await {
//!             Ok(()) => {
//!                 tx.commit().await?;
//!                 // The mail is sent now, and events are told.
//!                 auth.committed(&prepared.changes);
//!                 return Ok(true);
//!             }
//!             Err(StoreError::Conflict(Guard::Taken(kind))) if kind.is_name() => {
//!                 tx.rollback().await?;
//!                 return Ok(false);
//!             }
//!             // Somebody else changed what was decided on, or stood in the way
//!             // (a deadlock, a lock that was waited for too long): once more.
//!             Err(StoreError::Conflict(_) | StoreError::Unavailable(_)) => tx.rollback().await?,
//!             Err(failed) => return Err(failed.into()),
//!         }
//!     }
//!     Err("others were quicker, again and again".into())
//! }
//! # }
//! ```
//!
//! Whoever registers an address that has an account already is to be answered as
//! everybody is, or strangers could ask who has one: its changes are a mail to
//! the owner and no user, and
//! [`PreparedRegistration::user_id`](usermgmt_core::flows::PreparedRegistration::user_id)
//! is `None`.

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("enable at least one of the features `sqlite`, `postgres` and `mysql`");

mod apply;
mod backoff;
mod connect;
mod contract;
mod dialect;
mod error;
mod fault;
mod guard;
mod hook;
mod host;
mod host_pool;
mod last_write;
mod migrate;
mod plan;
#[cfg(test)]
mod plans;
mod pool;
mod purge;
mod ready;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod rights;
mod row;
mod sql;
mod step;
mod store;
mod table;

pub use self::error::ConnectError;
pub use self::hook::{CommitHook, HookError};
pub use self::host::HostDatabase;
pub use self::pool::{HostPool, PoolOptions};
pub use self::store::SqlStore;
