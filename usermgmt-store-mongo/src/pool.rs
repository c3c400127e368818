//! The connections to the database, by what the driver tells of its pools.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mongodb::event::cmap::CmapEvent;
use mongodb::options::ServerAddress;
use usermgmt_core::store::Connections;

/// Every connection that is open, of all servers.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<HashMap<Key, Use>>);

/// The driver numbers the connections to each server.
type Key = (ServerAddress, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Idle,
    Busy,
}

impl Pool {
    /// Takes what the driver tells. A connection that nobody waits for any more comes
    /// back without having been handed out, and one of a closed pool is closed without
    /// having come back: so each is known by its number, and nothing is added up.
    pub(crate) fn note(&self, event: CmapEvent) {
        let (key, state) = match event {
            CmapEvent::ConnectionReady(event) => {
                ((event.address, event.connection_id), Some(Use::Idle))
            }
            CmapEvent::ConnectionCheckedOut(event) => {
                ((event.address, event.connection_id), Some(Use::Busy))
            }
            CmapEvent::ConnectionCheckedIn(event) => {
                ((event.address, event.connection_id), Some(Use::Idle))
            }
            CmapEvent::ConnectionClosed(event) => ((event.address, event.connection_id), None),
            // What is not yet, or is about a pool as a whole.
            _ => return,
        };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state {
            Some(state) => open.insert(key, state),
            None => open.remove(&key),
        };
    }

    /// How many there are.
    pub(crate) fn connections(&self) -> Connections {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = open.values().filter(|state| **state == Use::Busy).count() as u64;
        Connections { idle: open.len() as u64 - busy, busy }
    }
}
