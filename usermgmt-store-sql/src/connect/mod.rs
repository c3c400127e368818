//! From a URL to a store.

pub(crate) mod check;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod parameters;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod url;

use crate::error::ConnectError;
use crate::migrate;
use crate::pool::PoolOptions;
use crate::store::SqlStore;

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
    /// Of several hosts (`host1,host2:5433`) the first one that writes is used,
    /// and another one when it stops. A scheme may name a driver
    /// (`postgresql+asyncpg:`).
    ///
    /// The parameters after the `?` are those of [`sqlx`]. What providers and other
    /// clients write for TLS and for the schema (`ssl=true`, `sslaccept=strict`,
    /// `schema=accounts`) is obeyed; what is not obeyed (`connect_timeout`,
    /// `channel_binding`, `pgbouncer`) is taken with a warning that names it; one
    /// that nobody knows is refused. Unless they ask for more, a server is
    /// spoken to over TLS only where it offers that, and its certificate is not
    /// checked. `sslmode=verify-full` checks it against Mozilla's roots, or those
    /// of `sslrootcert=file`; with MySQL that is `ssl-mode=VERIFY_IDENTITY` and
    /// `ssl-ca=file`. Signing in to MySQL 8 by `caching_sha2_password` takes TLS.
    ///
    /// A pooler such as PgBouncer must be in session mode; one in transaction mode
    /// is refused.
    ///
    /// To a server that only reads (a standby, after a fail-over) no connection is
    /// made, and `ping` says that the store is unavailable until the URL leads to
    /// one that writes. What MySQL keeps open when a server is made read-only goes
    /// on reading until the pool replaces it.
    ///
    /// # Errors
    /// [`ConnectError`] says what is wrong: the URL, the database or its schema.
    pub async fn connect(url: &str, options: PoolOptions) -> Result<Self, ConnectError> {
        Self::open(url, &options).await
    }

    /// The version of the schema that this code knows and [`Self::connect`] makes.
    pub const SCHEMA: i64 = migrate::KNOWN;

    /// The version of the schema that the database has, or `None` where it has
    /// none. Changes nothing, but that SQLite's file is created where it is missing.
    ///
    /// # Errors
    /// [`ConnectError`] where the URL or the database is wrong.
    pub async fn schema_of(url: &str) -> Result<Option<i64>, ConnectError> {
        let options = PoolOptions { migrate: false, ..PoolOptions::default() };
        let store = Self::open(url, &options.max_connections(1)).await?;
        // Where it fails, the table is not there yet.
        let found = store.read_one(&migrate::select_version(), |row| row.columns().int()).await;
        store.close().await;
        Ok(found.ok().flatten().filter(|version| *version > 0))
    }

    /// Refuses a URL that [`Self::connect`] would refuse whatever answers at it.
    /// Asks nobody and makes nothing.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn check_url(url: &str) -> Result<(), ConnectError> {
        match database_of(url) {
            Some("sqlite") => {
                #[cfg(feature = "sqlite")]
                return sqlite::file(url).map(drop);
                #[cfg(not(feature = "sqlite"))]
                Err(missing("sqlite", "sqlite"))
            }
            Some("postgres" | "postgresql") => {
                #[cfg(feature = "postgres")]
                return postgres::servers(url).map(drop);
                #[cfg(not(feature = "postgres"))]
                Err(missing("postgres", "postgres"))
            }
            Some("mysql" | "mariadb") => {
                #[cfg(feature = "mysql")]
                return mysql::servers(url).map(drop);
                #[cfg(not(feature = "mysql"))]
                Err(missing("mysql", "mysql"))
            }
            _ => Err(ConnectError::UnknownScheme),
        }
    }

    pub(crate) async fn open(url: &str, options: &PoolOptions) -> Result<Self, ConnectError> {
        match database_of(url) {
            Some("sqlite") => {
                #[cfg(feature = "sqlite")]
                return sqlite::connect(url, options).await;
                #[cfg(not(feature = "sqlite"))]
                Err(missing("sqlite", "sqlite"))
            }
            Some("postgres" | "postgresql") => {
                #[cfg(feature = "postgres")]
                return postgres::connect(url, options).await;
                #[cfg(not(feature = "postgres"))]
                Err(missing("postgres", "postgres"))
            }
            Some("mysql" | "mariadb") => {
                #[cfg(feature = "mysql")]
                return mysql::connect(url, options).await;
                #[cfg(not(feature = "mysql"))]
                Err(missing("mysql", "mysql"))
            }
            _ => Err(ConnectError::UnknownScheme),
        }
    }
}

/// The scheme, without the driver that it may name.
fn database_of(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    Some(scheme.split_once('+').map_or(scheme, |(database, _)| database))
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn missing(scheme: &'static str, feature: &'static str) -> ConnectError {
    ConnectError::MissingFeature { scheme, feature }
}
