//! SQL storage for `usermgmt`: one [`SqlStore`] for SQLite (feature `sqlite`, on
//! by default), PostgreSQL (feature `postgres`) and MySQL or MariaDB (feature
//! `mysql`). The URL's scheme picks the database at run time.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use usermgmt_core::store::Store as _;
//! use usermgmt_store_sql::{PoolOptions, SqlStore};
//!
//! let store = SqlStore::connect("sqlite:accounts.db", PoolOptions::default()).await?;
//! store.ping().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The tables are named `usermgmt_…`, so that they can live in a database beside
//! a team's own. [`SqlStore::connect`] creates them and brings them up to date.

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("enable at least one of the features `sqlite`, `postgres` and `mysql`");

mod apply;
mod conn;
mod connect;
#[cfg(test)]
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[path = "../tests/support/database.rs"]
mod database;
mod dialect;
mod fault;
mod host;
mod lent;
mod migrate;
#[cfg(test)]
mod plans;
mod pool;
mod purge;
mod row;
mod sql;
mod step;
mod store;
mod table;
mod tries;

pub use self::connect::ConnectError;
pub use self::host::HostDatabase;
pub use self::pool::PoolOptions;
pub use self::store::SqlStore;
