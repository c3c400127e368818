//! The in-memory store keeps what a store promises.

use std::any::Any;
use std::sync::Arc;

use usermgmt_core::store::{MemoryStore, Store};
use usermgmt_core::testkit::FaultyStore;

mod memory {
    use super::*;

    async fn fresh() -> (Arc<MemoryStore>, impl Any) {
        (Arc::new(MemoryStore::new()), ())
    }

    usermgmt_core::testkit::store_conformance!(fresh);
}

/// A wrapper that is told of no fault changes nothing.
mod faultless {
    use super::*;

    async fn fresh() -> (Arc<dyn Store>, impl Any) {
        let inner = Arc::new(MemoryStore::new());
        (Arc::new(FaultyStore::new(inner)), ())
    }

    usermgmt_core::testkit::store_conformance!(fresh);
}

#[test]
fn every_promise_that_is_written_is_tested() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testkit/conformance");
    let list = std::fs::read_to_string(format!("{folder}/mod.rs")).unwrap();
    let mut promises = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for function in text.split("\npub async fn ").skip(1) {
            let name = function.split('(').next().unwrap();
            assert!(list.contains(&format!(" {name},\n")), "{name} is not in the list");
            promises += 1;
        }
    }
    assert!(promises > 100, "only {promises} promises were found");
}
