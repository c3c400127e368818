//! Why a store cannot be opened.

use std::path::PathBuf;

use usermgmt_core::store::StoreError;

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
