//! Somebody else, who has nothing to do with the storm: two requests every few
//! milliseconds, on a thread and connections of their own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::common::{Connection, get, now};

const EVERY: Duration = Duration::from_millis(5);

/// How long requests took.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) live: Vec<Duration>,
    pub(crate) protected: Vec<Duration>,
    pub(crate) failed: usize,
}

pub(crate) struct Probe(Arc<Mutex<Seen>>);

impl Probe {
    pub(crate) fn start(server: SocketAddr, token: String) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let probe = Self(Arc::clone(&seen));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                tokio::join!(
                    ask(server, get("/health/live", &token), &seen, |seen| &mut seen.live),
                    ask(server, get("/api/v1/protected", &token), &seen, |seen| &mut seen
                        .protected),
                )
            })
        });
        probe
    }

    /// What was seen since the last time.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut lock(&self.0))
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn ask(
    server: SocketAddr,
    request: Vec<u8>,
    seen: &Mutex<Seen>,
    times: impl Fn(&mut Seen) -> &mut Vec<Duration>,
) {
    let mut connection = Connection::open(server).await.unwrap();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        let due = ticks.tick().await.into_std();
        // Where the answer before came too late, this request waited for it.
        let late = now().saturating_duration_since(due);
        let waited = if late > EVERY { late } else { Duration::ZERO };
        let began = now();
        let answer = connection.ask(&request).await;
        let took = waited + began.elapsed();
        let mut seen = lock(seen);
        times(&mut seen).push(took);
        seen.failed += usize::from(!answer.is_ok_and(|answer| answer.status == 200));
    }
}
