//! Which generations of a session its client has received.

use std::fmt;
use std::sync::Arc;

use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use super::facade::Auth;
use crate::jwt::AccessClaims;
use crate::model::ids::SessionId;
use crate::model::session::Session;
use crate::store::Change;

/// How many generations are remembered as noted.
const REMEMBERED: usize = 10_000;
/// How many notes are under way at most; what is too much is noted by a later
/// request of the same session.
const UNDER_WAY: usize = 32;

/// What this process has noted, so that one request of many does.
pub(crate) struct Receipts {
    noted: Cache<(SessionId, i64), ()>,
    room: Arc<Semaphore>,
}

impl Default for Receipts {
    fn default() -> Self {
        Self { noted: Cache::new(REMEMBERED), room: Arc::new(Semaphore::new(UNDER_WAY)) }
    }
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipts").finish_non_exhaustive()
    }
}

impl Auth {
    /// Notes in the store that the client has received the session's present
    /// generation, where this request is the first to show it: one write a
    /// generation, which nobody waits for and which may fail.
    pub(crate) fn note_receipt(&self, claims: &AccessClaims, session: &Session) {
        let (id, generation) = (session.id, session.generation);
        // Tokens that are never rotated are never replayed either.
        if claims.generation != generation
            || session.received == Some(generation)
            || self.0.config.compat.fixed_refresh_tokens
        {
            return;
        }
        let receipts = &self.0.receipts;
        if receipts.noted.get(&(id, generation)).is_some() {
            return;
        }
        let Ok(room) = Arc::clone(&receipts.room).try_acquire_owned() else { return };
        receipts.noted.insert((id, generation), ());
        let auth = self.clone();
        tokio::spawn(async move {
            let now = auth.now();
            let change = Change::ReceiveSession { id, generation, now };
            // A guard that fails means that another process noted it, or that it is over.
            if let Err(error) = auth.commit(vec![change], now).await {
                tracing::debug!(%error, "that a session was received is not noted yet");
                auth.0.receipts.noted.remove(&(id, generation));
            }
            drop(room);
        });
    }
}
