//! MongoDB storage for [`usermgmt`](usermgmt_core).
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use usermgmt_core::store::Store as _;
//! use usermgmt_core::{Auth, Config, KeyRing};
//! use usermgmt_store_mongo::MongoStore;
//!
//! let store = MongoStore::connect("mongodb://localhost/accounts?replicaSet=rs0").await?;
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
//! ```
//!
//! It runs where `mongod --replSet rs0 --dbpath FOLDER` does, after
//! `mongosh --eval 'rs.initiate()'` once.
//!
//! The server must be a replica set, of one node at least, or a sharded cluster:
//! a list of changes is a transaction. Every write waits for a majority and its
//! journal, every read is of the primary. The collections are named
//! `usermgmt_…`, so that they can live in a database beside a team's own;
//! [`MongoStore::connect`] creates them and their indexes, and says what the URL
//! may ask for.

mod apply;
mod backoff;
mod collections;
mod connect;
mod contract;
mod error;
mod fault;
mod guard;
mod hello;
mod last_write;
mod pool;
mod provider;
mod purge;
mod queues;
mod ready;
mod schema;
mod step;
mod store;
mod table;
mod value;

pub use self::error::ConnectError;
pub use self::store::MongoStore;
