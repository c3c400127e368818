//! Why a store cannot be opened.

use usermgmt_core::store::StoreError;

/// Why there is no store. No text of it holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is none of MongoDB's.
    #[error("not a MongoDB URL: {0}")]
    Url(String),
    /// The URL asks for other promises than the store's: weaker ones, or such as
    /// transactions cannot have.
    #[error(
        "the URL's {option} asks for something else than accounts need; leave it out: every \
         write waits for a majority and its journal, every read is of what a majority has, on \
         the primary"
    )]
    Weak {
        /// The URL's option.
        option: &'static str,
    },
    /// The database only speaks MongoDB's protocol, and lacks something that accounts need.
    #[error(
        "{name} cannot keep accounts: it lacks {lacks}; use MongoDB itself or one of the SQL stores"
    )]
    Provider {
        /// Whose database it is.
        name: &'static str,
        /// What it lacks.
        lacks: &'static str,
    },
    /// The server is neither of a replica set nor of a sharded cluster, so it
    /// has no transactions.
    #[error(
        "the MongoDB server stands alone, and only a replica set has transactions; a replica \
         set of one will do: start the server with `mongod --replSet rs0`, then run \
         `mongosh --eval 'rs.initiate()'` once"
    )]
    Standalone,
    /// A collection compares otherwise than by bytes, so that two names could
    /// be taken for one.
    #[error("the collection {collection} has a collation of its own, and must have none")]
    Collation {
        /// The collection.
        collection: &'static str,
    },
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
    /// The database refused, did not answer in time, or failed.
    #[error("cannot open the database")]
    Database(#[source] StoreError),
}
