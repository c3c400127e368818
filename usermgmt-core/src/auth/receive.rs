//! Noting that a client has its tokens.

use super::facade::Auth;
use crate::causes::with_causes;
use crate::jwt::AccessClaims;
use crate::model::session::Session;
use crate::store::Change;

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
        let Some(room) = self.0.receipts.begin(id, generation) else { return };
        let auth = self.clone();
        tokio::spawn(async move {
            let now = auth.now();
            let change = Change::ReceiveSession { id, generation, now };
            // A guard that fails means that another process noted it, or that it is over.
            if let Err(error) = auth.commit(vec![change], now).await {
                tracing::debug!(
                    error = %with_causes(&error),
                    "that a session was received is not noted yet"
                );
                auth.0.receipts.forget(id, generation);
            }
            drop(room);
        });
    }
}
