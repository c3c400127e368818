//! What a connection is at: whether it waits for its client or works for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pace::most_time_for;

/// In what time whoever means to be served has sent their request, TLS included.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// The runtime's timers, which end connections, follow no other clock.
#[expect(clippy::disallowed_methods, reason = "a socket's time is the operating system's")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Shared by what reads the connection, what answers, and what may end it.
#[derive(Debug)]
pub(super) struct Progress(Mutex<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    /// When the connection came.
    came: Instant,
    phase: Phase,
    /// Requests that have arrived whole and are not yet answered.
    working: usize,
    /// Since when the client takes no more of what is written.
    blocked: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Nothing has come yet.
    New,
    /// Between requests.
    Idle { since: Instant },
    /// A request is on its way.
    Arriving { since: Instant, bytes: u64 },
}

/// What is to be done with a connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing, until then.
    At(Instant),
    /// Nothing, however long it takes.
    Never,
    /// It was silent for long enough.
    Close,
    /// The client is too slow.
    Late,
}

/// How a connection compares where one must go: the least goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    /// The client takes what is written, and has not been sending its request for long.
    pub(super) in_time: bool,
    pub(super) waiting_since: Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { came: now(), phase: Phase::New, working: 0, blocked: None }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain values: whoever panicked left them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes came in. `begins`: whether they can only be of a request, as in HTTP/1.
    pub(super) fn received(&self, count: usize, begins: bool) {
        let mut state = self.state();
        let count = count as u64;
        state.phase = match state.phase {
            Phase::Arriving { since, bytes } => Phase::Arriving { since, bytes: bytes + count },
            Phase::New => Phase::Arriving { since: state.came, bytes: count },
            Phase::Idle { .. } if begins && state.working == 0 => {
                Phase::Arriving { since: now(), bytes: count }
            }
            idle @ Phase::Idle { .. } => idle,
        };
    }

    /// Bytes went out, or could not.
    pub(super) fn wrote(&self, blocked: bool) {
        let mut state = self.state();
        state.blocked = match (blocked, state.blocked) {
            (false, _) => None,
            (true, None) => Some(now()),
            (true, since) => since,
        };
    }

    /// A request has arrived whole.
    pub(super) fn arrived(&self) {
        let mut state = self.state();
        state.working += 1;
        state.phase = Phase::Idle { since: now() };
    }

    /// A request that had arrived is answered, or given up.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.working = state.working.saturating_sub(1);
        state.phase = Phase::Idle { since: now() };
    }

    /// A request is answered of which not all had arrived.
    pub(super) fn refused(&self) {
        self.state().phase = Phase::Idle { since: now() };
    }

    /// What is due by now.
    pub(super) fn due(&self, keep_alive: Duration, request_timeout: Duration) -> Due {
        let state = *self.state();
        let at_present = now();
        let (at, then) = match (state.blocked, state.phase) {
            (Some(since), _) => (since + request_timeout, Due::Late),
            _ if state.working > 0 => return Due::Never,
            (_, Phase::New) => (state.came + request_timeout.min(keep_alive), Due::Close),
            (_, Phase::Idle { since }) => (since + keep_alive, Due::Close),
            (_, Phase::Arriving { since, bytes }) => {
                (since + most_time_for(bytes, request_timeout), Due::Late)
            }
        };
        if at <= at_present { then } else { Due::At(at) }
    }

    /// What is said for it where a connection must go at this time; `None` while it
    /// works.
    ///
    /// That it was answered says nothing for it: a short answer lies in the operating
    /// systems' buffers, whether or not the client ever reads it. So who has just come,
    /// or has begun another request, does not go before who was silent for longer.
    pub(super) fn claim(&self, at: Instant) -> Option<Claim> {
        let state = *self.state();
        if state.working > 0 && state.blocked.is_none() {
            return None;
        }
        let is_fresh = |since: Instant| at.saturating_duration_since(since) < FRESH;
        let (waiting_since, in_time) = match (state.blocked, state.phase) {
            (Some(since), _) => (since, false),
            (None, Phase::Idle { since }) => (since, true),
            (None, Phase::Arriving { since, .. }) => (since, is_fresh(since)),
            (None, Phase::New) => (state.came, is_fresh(state.came)),
        };
        Some(Claim { in_time, waiting_since })
    }

    /// Whether something is on its way that can still be answered with an error.
    pub(super) fn is_arriving(&self) -> bool {
        let state = *self.state();
        state.working == 0 && matches!(state.phase, Phase::Arriving { .. })
    }
}
