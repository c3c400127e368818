//! Whether mail leaves at all, as far as this process knows.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// How long a fault that comes and goes is not logged again.
const LOG_AGAIN: Duration = Duration::from_secs(3600);

/// A fault of the set-up that keeps mail from leaving: credentials, the sender,
/// the account with the mail service, TLS, a template.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetUpFault {
    /// When it was first met.
    pub since: Timestamp,
    /// When it was last met.
    pub last: Timestamp,
    /// What the last mail failed with. Names no recipient and no secret.
    pub why: String,
}

/// The fault that stands, and when one was last logged.
#[derive(Debug, Default)]
pub(super) struct SetUp(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    fault: Option<SetUpFault>,
    logged: Option<Timestamp>,
}

impl SetUp {
    /// The fault, until a mail leaves.
    pub(super) fn fault(&self) -> Option<SetUpFault> {
        self.state().fault.clone()
    }

    /// A mail failed for it. The first one is logged; the others fail alike.
    pub(super) fn failed(&self, why: &str, now: Timestamp) {
        let mut state = self.state();
        let since = state.fault.as_ref().map_or(now, |fault| fault.since);
        let is_news = state.fault.is_none()
            && state.logged.is_none_or(|logged| now.since(logged) >= LOG_AGAIN);
        state.fault = Some(SetUpFault { since, last: now, why: why.to_owned() });
        if is_news {
            state.logged = Some(now);
            tracing::error!(
                error = why,
                "mail does not leave until its set-up is mended; what waits is kept for three days and sent then"
            );
        }
    }

    /// A mail was handed over.
    pub(super) fn mail_left(&self, now: Timestamp) {
        if let Some(fault) = self.state().fault.take() {
            tracing::info!(after = ?now.since(fault.since), "mail leaves again");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
