//! The worker that sends what flows have queued: at least once, from any number
//! of processes.
//!
//! A mail is claimed for a minute at a time, sent, and erased. What fails
//! for now, or since the set-up of mail is wrong, comes back after a pause that
//! doubles; what fails for good, or for
//! too long, is kept as a dead letter with its reason. What would flood its
//! recipient waits until the hour is over.
//!
//! A mail whose try was cut short, because the process was killed, has failed
//! for now: it may be what killed it. So has one that cannot be read, which a
//! newer version may have queued.

mod attempt;
mod limits;
mod message;
mod set_up;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use self::set_up::SetUp;
pub use self::set_up::SetUpFault;
use crate::auth::Auth;
use crate::causes::with_causes;
use crate::clock::Timestamp;
use crate::mail::Mailer;
use crate::model::ids::LeaseId;
use crate::store::StoreError;

/// How long one worker has a mail.
const LEASE: Duration = Duration::from_secs(60);
/// How many mails one worker sends at a time, which is also all that it holds
/// in memory: the queue stays in the store.
const WINDOW: usize = 16;
/// With room for as many, mail is claimed as soon as there is some.
const ROOM: usize = WINDOW / 4;
/// With less room, mail is claimed this much later: one claim for each mail
/// would be a statement for each, and waiting for slow ones would be a standstill.
const LINGER: Duration = Duration::from_millis(100);
/// How often to look for mail that another process queued, at least.
const LOOK: Duration = Duration::from_secs(5);

/// How many mails a worker has handled since it was made, for whoever watches
/// it. How many wait and since when is
/// [`OutboxStore::outbox_depth`](crate::store::OutboxStore::outbox_depth).
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct OutboxCounts {
    /// Handed over.
    pub sent: AtomicU64,
    /// Failed for now.
    pub retried: AtomicU64,
    /// Put off since their recipient has had enough for the hour.
    pub put_off: AtomicU64,
    /// Given up.
    pub dead: AtomicU64,
    /// Not sent because what they carry is used, void or expired.
    pub dropped: AtomicU64,
}

/// How long the store may take to hand out mail once the worker is told to stop.
const STOP_CLAIM: Duration = Duration::from_secs(2);

/// Sends queued mail through a [`Mailer`]. Clones share their counts.
#[derive(Clone, Debug)]
pub struct OutboxWorker {
    auth: Auth,
    mailer: Arc<dyn Mailer>,
    counts: Arc<OutboxCounts>,
    set_up: Arc<SetUp>,
}

impl OutboxWorker {
    /// A worker for this store's outbox. Any number may run, in any number of
    /// processes. From now on `auth` refuses addresses that the first one's mailer
    /// cannot reach ([`Mailer::check_reach`]).
    pub fn new(auth: Auth, mailer: Arc<dyn Mailer>) -> Self {
        auth.0.mailer.get_or_init(|| Arc::clone(&mailer));
        Self { auth, mailer, counts: Arc::default(), set_up: Arc::default() }
    }

    /// What it has done so far.
    pub fn counts(&self) -> &OutboxCounts {
        &self.counts
    }

    /// The fault of the set-up that keeps this process's mail from leaving, from
    /// the first mail that fails for it until one leaves. What all processes know
    /// is in the store: [`OutboxDepth::set_up_fault`](crate::store::OutboxDepth).
    pub fn set_up_fault(&self) -> Option<SetUpFault> {
        self.set_up.fault()
    }

    /// Sends until `stop` is ready, finishes what it has begun, and returns.
    /// Dropped before, it leaves what it had begun to whoever looks when the
    /// leases are over.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut in_flight = JoinSet::new();
        let mut look = pin!(sleep(Duration::ZERO));
        let (mut due, mut more) = (true, false);
        loop {
            let room = WINDOW - in_flight.len();
            if (due && room > 0) || (more && room >= ROOM) {
                let mut stopping = false;
                let give_up = async {
                    (&mut stop).await;
                    stopping = true;
                    sleep(STOP_CLAIM).await;
                };
                let claimed = tokio::select! {
                    claimed = self.claim_some(room, &mut in_flight) => Some(claimed),
                    () = give_up => None,
                };
                let Some((claimed, pause)) = claimed.filter(|_| !stopping) else { break };
                more = claimed == room;
                due = false;
                look.set(sleep(pause));
            }
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = in_flight.join_next() => {}
                () = self.auth.0.mail_queued.notified() => due = true,
                () = &mut look, if !due => due = true,
            }
        }
        while in_flight.join_next().await.is_some() {}
    }

    /// Claims what is due, at most as much as is sent at a time, and tries each
    /// once. Says how many there were.
    ///
    /// # Errors
    /// [`StoreError`] where the store did not give any. That one mail's outcome
    /// could not be recorded is logged: it is tried again when its lease is over.
    pub async fn run_once(&self) -> Result<usize, StoreError> {
        let now = self.auth.now();
        self.work(now, now + LEASE).await
    }

    /// Takes up at once what a process that was killed had begun to send, instead
    /// of when its leases are over: it is sent some seconds later. Only for a store
    /// that no other process uses: what another one is sending now would be sent twice.
    ///
    /// # Errors
    /// [`StoreError`] where the store did not give any.
    pub async fn take_over(&self) -> Result<(), StoreError> {
        // One window is all that a worker has, and it was due before all others.
        // Its own leases end just after the time as of which it claims, so that
        // the next one can take over in turn.
        let as_of = self.auth.now() + LEASE;
        self.work(as_of, as_of + Duration::from_millis(1)).await.map(drop)
    }

    async fn work(&self, as_of: Timestamp, until: Timestamp) -> Result<usize, StoreError> {
        let mut in_flight = JoinSet::new();
        let claimed = self.claim(as_of, until, WINDOW, &mut in_flight).await?;
        while in_flight.join_next().await.is_some() {}
        Ok(claimed)
    }

    /// Claims as much as there is room for; says how much that was, and when to
    /// look again.
    async fn claim_some(&self, room: usize, in_flight: &mut JoinSet<()>) -> (usize, Duration) {
        let now = self.auth.now();
        match self.claim(now, now + LEASE, room, in_flight).await {
            Ok(claimed) if claimed == room => (claimed, LINGER),
            Ok(claimed) => (claimed, self.until_next().await),
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "the outbox cannot be read");
                (0, LOOK)
            }
        }
    }

    /// Claims mails and begins to send them.
    async fn claim(
        &self,
        as_of: Timestamp,
        until: Timestamp,
        room: usize,
        in_flight: &mut JoinSet<()>,
    ) -> Result<usize, StoreError> {
        let auth = &self.auth;
        let lease = LeaseId::generate(&*auth.0.rng);
        let claim = auth.0.store.claim_mail(lease, as_of, until, room);
        let claimed = auth.read_store(claim).await?;
        let count = claimed.len();
        for mail in claimed {
            let worker = self.clone();
            in_flight.spawn(async move { worker.handle(&mail, lease, until).await });
        }
        Ok(count)
    }

    /// How long until a mail may be due. One that another process queues is not
    /// foreseen, nor is one that another takes first: hence both bounds.
    async fn until_next(&self) -> Duration {
        match self.auth.read_store(self.auth.0.store.next_mail_at()).await {
            Ok(Some(at)) => at.since(self.auth.now()).clamp(LINGER, LOOK),
            Ok(None) => LOOK,
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "the outbox cannot be read");
                LOOK
            }
        }
    }
}
