//! MongoDB storage for `usermgmt`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use usermgmt_core::store::Store as _;
//! use usermgmt_store_mongo::MongoStore;
//!
//! let store = MongoStore::connect("mongodb://localhost/accounts?replicaSet=rs0").await?;
//! store.ping().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The server must be a replica set, of one node at least, or a sharded cluster:
//! a list of changes is a transaction. Every write waits for a majority and its
//! journal, every read is of the primary. The collections are named
//! `usermgmt_…`, so that they can live in a database beside a team's own;
//! [`MongoStore::connect`] creates them and their indexes.

mod apply;
mod connect;
mod fault;
mod lines;
mod pauses;
mod purge;
mod schema;
mod step;
mod store;
mod table;
mod value;

pub use self::connect::ConnectError;
pub use self::store::MongoStore;
