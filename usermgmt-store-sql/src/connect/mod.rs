//! From a URL to a store.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod parameters;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::path::PathBuf;

use usermgmt_core::store::StoreError;

use crate::pool::PoolOptions;
use crate::store::SqlStore;

/// Why there is no store. No text of it holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL's scheme is none of an SQL database.
    #[error(
        "a database URL begins with sqlite:, postgres:, postgresql:, mysql: or mariadb:, \
         this one does not"
    )]
    UnknownScheme,
    /// The scheme is known, but this program was built without it.
    #[error("{scheme}: URLs need usermgmt-store-sql's feature `{feature}`, which is not built in")]
    MissingFeature {
        /// The URL's scheme.
        scheme: &'static str,
        /// The feature to build with.
        feature: &'static str,
    },
    /// The URL names no file, or a database in memory: that would be gone with
    /// the connection that made it.
    #[error("an SQLite URL names a file: sqlite:path/to/accounts.db")]
    NoFile,
    /// The URL names a server, but no database on it.
    #[error("a MySQL URL names a database: mysql://user:password@host/database")]
    NoDatabase,
    /// The URL has a parameter that means nothing here.
    #[error(
        "the database URL has a parameter `{name}`, which is not known; those known are {known}"
    )]
    UnknownParameter {
        /// The parameter.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// The database's file cannot be made.
    #[error("cannot create {}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database refused, did not answer in time, or failed.
    #[error("cannot open the database")]
    Database(#[from] sqlx::Error),
    /// What is known about the schema cannot be read.
    #[error("cannot read the schema's version")]
    Schema(#[source] StoreError),
    /// The database belongs to a later version of this program.
    #[error(
        "the database's schema is version {found}, this program knows up to version {known}: \
         use the program that wrote it, or a later one"
    )]
    NewerSchema {
        /// The version found.
        found: i64,
        /// The last version that this program knows.
        known: i64,
    },
    /// Another process has been bringing the schema up to date for a minute.
    #[error("another process holds the lock under which the schema is brought up to date")]
    Locked,
}

impl SqlStore {
    /// Opens the database that the URL names, creates its tables or brings them
    /// up to date, and keeps connections to it.
    ///
    /// - `sqlite:data/accounts.db`: the file is created where it is missing,
    ///   readable by its owner alone.
    /// - `postgres://user:password@host/database?sslmode=verify-full`
    /// - `mysql://user:password@host/database?ssl-mode=VERIFY_IDENTITY`, or
    ///   `mariadb:`
    ///
    /// The parameters after the `?` are those of [`sqlx`], but for MySQL's
    /// `charset`, `collation` and `timezone`, which are the store's own matter;
    /// one that is not known is refused. Unless they ask for more, a server is
    /// spoken to over TLS only where it offers that, and its certificate is not
    /// checked. `sslmode=verify-full` checks it against Mozilla's roots, or those
    /// of `sslrootcert=file`; with MySQL that is `ssl-mode=VERIFY_IDENTITY` and
    /// `ssl-ca=file`. Signing in to MySQL 8 by `caching_sha2_password` takes TLS.
    ///
    /// To a server that only reads (a standby, after a fail-over) no connection is
    /// made, and `ping` says that the store is unavailable until the URL leads to
    /// one that writes. What MySQL keeps open when a server is made read-only goes
    /// on reading until the pool replaces it.
    ///
    /// # Errors
    /// [`ConnectError`] says what is wrong: the URL, the database or its schema.
    pub async fn connect(url: &str, options: PoolOptions) -> Result<Self, ConnectError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => {
                #[cfg(feature = "sqlite")]
                return sqlite::connect(url, &options).await;
                #[cfg(not(feature = "sqlite"))]
                Err(missing("sqlite", "sqlite"))
            }
            Some("postgres" | "postgresql") => {
                #[cfg(feature = "postgres")]
                return postgres::connect(url, &options).await;
                #[cfg(not(feature = "postgres"))]
                Err(missing("postgres", "postgres"))
            }
            Some("mysql" | "mariadb") => {
                #[cfg(feature = "mysql")]
                return mysql::connect(url, &options).await;
                #[cfg(not(feature = "mysql"))]
                Err(missing("mysql", "mysql"))
            }
            _ => Err(ConnectError::UnknownScheme),
        }
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn missing(scheme: &'static str, feature: &'static str) -> ConnectError {
    ConnectError::MissingFeature { scheme, feature }
}

/// A connection to a server that does not write is not used: what it answers may
/// be out of date, and sessions that were ended elsewhere would go on.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn may_write(answer: i64) -> Result<(), sqlx::Error> {
    match answer {
        1 => Ok(()),
        _ => Err(std::io::Error::other(crate::store::READ_ONLY).into()),
    }
}

/// How long a connection can have lain unused before it is tested first: the
/// server may have gone away. Testing it each time would double the time of
/// every statement.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const TRUSTED_FOR: std::time::Duration = std::time::Duration::from_secs(2);
