//! The in-memory store keeps what a store promises.

use std::any::Any;
use std::sync::Arc;

use usermgmt_core::store::{MemoryStore, Store};

async fn fresh() -> (Arc<dyn Store>, impl Any) {
    (Arc::new(MemoryStore::new()), ())
}

usermgmt_core::testkit::store_conformance!(fresh);
