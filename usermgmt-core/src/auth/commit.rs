//! Reading from the store, deciding, and committing: the one way there is.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::client::Client;
use super::error::ServiceError;
use super::facade::Auth;
use crate::clock::Timestamp;
use crate::event::Event;
use crate::metrics::{Counted, SignInResult};
use crate::model::token::Purpose;
use crate::rng::random;
use crate::store::directory::SIGNED_IN;
use crate::store::{Change, Changes, Guard, StoreError};

/// How often a flow reads and decides again before it says that it cannot.
const ROUNDS: u32 = 64;
/// The longest pause before a round.
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// The rounds of a flow that reads, decides, and commits what it decided. A
/// guard that fails means that something changed since it was read: another
/// round reads and decides again, with a fresh present, after a short pause in
/// which the others get done. What is counted is counted before the first.
pub(crate) struct Rounds<'a> {
    auth: &'a Auth,
    begun: u32,
}

impl Rounds<'_> {
    /// Begins a round, and says what time it is.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] where others changed the same rows in every
    /// round so far.
    pub(crate) async fn next(&mut self) -> Result<Timestamp, ServiceError> {
        if self.begun == ROUNDS {
            return Err(ServiceError::Unavailable(
                "the same rows were changed again and again".into(),
            ));
        }
        if self.begun > 0 {
            let most = LONGEST_PAUSE.min(Duration::from_millis(1 << self.begun.min(8)));
            let [part] = random::<1>(&*self.auth.0.rng);
            tokio::time::sleep(most * u32::from(part) / 255).await;
        }
        self.begun += 1;
        Ok(self.auth.now())
    }
}

impl Auth {
    /// The rounds of one request.
    pub(crate) fn rounds(&self) -> Rounds<'_> {
        Rounds { auth: self, begun: 0 }
    }

    /// Asks the store, and gives up when it does not answer in time.
    pub(crate) async fn read_store<T>(
        &self,
        ask: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.0.config.store_timeout, ask).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::unavailable("the store did not answer in time")),
        }
    }

    pub(crate) async fn read<T>(
        &self,
        ask: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, ServiceError> {
        self.miss_upkeep();
        Ok(self.read_store(ask).await?)
    }

    /// Commits a list of changes. `Ok(Err(guard))`: something changed in
    /// between, nothing was written; the caller reads and decides again.
    pub(crate) async fn commit(
        &self,
        list: Vec<Change>,
        now: Timestamp,
    ) -> Result<Result<(), Guard>, ServiceError> {
        self.commit_prepared(&Changes::new(list, now, &*self.0.rng)).await
    }

    /// Commits what somebody asked for from there: what it writes to the audit
    /// log says so.
    pub(crate) async fn commit_from(
        &self,
        client: &Client,
        mut list: Vec<Change>,
        now: Timestamp,
    ) -> Result<Result<(), Guard>, ServiceError> {
        client.mark(&mut list);
        self.commit(list, now).await
    }

    /// Says that the changes are committed: their mail is sent now and not at the
    /// outbox worker's next look, and their events are told. Only for changes
    /// that were prepared here and committed elsewhere, after that commit.
    pub fn committed(&self, changes: &Changes) {
        self.count_committed(changes);
        if changes.has_mail() {
            self.0.mail_queued.notify_one();
        }
        if self.0.events.is_some() {
            Event::of(changes).iter().for_each(|event| self.tell(event));
        }
    }

    /// Tells an event to whoever wants to know.
    pub(crate) fn tell(&self, event: &Event) {
        let Some(sink) = &self.0.events else { return };
        // What happened has happened, and is answered as such.
        if catch_unwind(AssertUnwindSafe(|| sink.tell(event))).is_err() {
            tracing::error!(?event, "the event sink panicked");
        }
    }

    pub(crate) async fn commit_prepared(
        &self,
        changes: &Changes,
    ) -> Result<Result<(), Guard>, ServiceError> {
        match self.read_store(self.0.store.apply(changes)).await {
            Ok(()) => {
                self.committed(changes);
                Ok(Ok(()))
            }
            Err(StoreError::Conflict(guard)) => Ok(Err(guard)),
            Err(other) => Err(other.into()),
        }
    }

    /// Tells the metrics what a list that was committed stands for.
    fn count_committed(&self, changes: &Changes) {
        for change in changes.list() {
            let counted = match change {
                Change::InsertUser { .. } => Counted::Registration,
                // Not the session itself: one that takes another's place is no sign-in.
                Change::InsertAudit(entry) if entry.action == SIGNED_IN => {
                    Counted::SignIn(SignInResult::SignedIn)
                }
                Change::InsertToken(token) if token.purpose == Purpose::MfaTicket => {
                    Counted::SignIn(SignInResult::MfaRequired)
                }
                Change::InsertAudit(entry) if entry.action == "session.refresh_reused" => {
                    Counted::RefreshReuse
                }
                _ => continue,
            };
            self.0.metrics.count(counted);
        }
    }
}
