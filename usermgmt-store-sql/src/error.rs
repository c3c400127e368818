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
    /// The URL cannot be read.
    #[error(
        "the database URL cannot be read: it is scheme://user:password@host:port/database; \
         percent-encode the password's special characters (# is %23, / is %2F, ? is %3F, @ is %40)"
    )]
    Malformed,
    /// A parameter of the URL has a value that it cannot have.
    #[error("the database URL's parameter `{name}` has a value that it cannot have here")]
    BadParameter {
        /// The parameter.
        name: String,
    },
    /// No server answers, or none that may be used.
    #[error("no database server answers at {place} that could be used")]
    Unreachable {
        /// Host, port and database; no password.
        place: String,
        /// What was wrong with the last one that was tried.
        #[source]
        source: sqlx::Error,
    },
    /// A proxy gives the sessions of different connections to each other.
    #[error(
        "the database URL leads to a pooler in transaction mode, which mixes sessions up: give \
         its port in session mode, or the database's own (PgBouncer: pool_mode = session; \
         Supabase: port 5432; Neon: the host without -pooler)"
    )]
    SharedSessions,
    /// The PostgreSQL database cannot hold every name.
    #[error(
        "the database's encoding is {found}, and names need UTF8: make another one by \
         CREATE DATABASE accounts ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding {
        /// Its encoding.
        found: String,
    },
    /// MySQL's connections would change what is written.
    #[error(
        "the connections to MySQL must speak utf8mb4 and have a strict sql_mode \
         (STRICT_ALL_TABLES)"
    )]
    Session,
    /// A hook is for another database than the store's.
    #[error("the commit hook is for another kind of database than the store's")]
    OtherDatabase,
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
