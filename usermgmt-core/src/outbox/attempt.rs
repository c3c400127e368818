//! One try of one mail: what becomes of it, and that being recorded.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::OutboxWorker;
use crate::causes::with_causes;
use crate::clock::Timestamp;
use crate::mail::{MailError, Message};
use crate::metrics::{Counted, MailResult, Stopwatch, Timed};
use crate::model::ids::{LeaseId, MailId};
use crate::model::mail::{OutboxMail, StoredMail};
use crate::rng::random;
use crate::store::{Change, Changes, SET_UP_FAULT, StoreError};

/// How long handing over one mail may take: the lease leaves as much again for
/// what comes before, and for recording the outcome.
const SEND_TIMEOUT: Duration = Duration::from_secs(40);
/// Pauses after a try that sent nothing.
const NOT_SENT: Pauses = Pauses { first: Duration::from_secs(5), last: Duration::from_secs(3600) };
/// Pauses after the second in a row that may have sent the mail: a connection is
/// lost once, but a server that acknowledges late, or never, sends a copy each time.
const PERHAPS_SENT: Pauses =
    Pauses { first: Duration::from_secs(600), last: Duration::from_secs(6 * 3600) };
/// Pauses while the set-up is wrong: what waits leaves at most this long after it
/// was mended.
const SET_UP: Pauses = Pauses { first: Duration::from_secs(5), last: Duration::from_secs(1800) };
/// After what time a mail is given up.
const MAX_AGE: Duration = Duration::from_secs(3 * 86_400);
/// How often it is tried all the same, be it that old when it is first tried
/// or tried again by an operator: for about an hour and a half. It is also how
/// often one may be cut short, which is how often it may end the process.
const MIN_TRIES: i64 = 10;
/// After how many tries a mail is given up whatever its age, but for a fault of
/// the set-up.
const MAX_TRIES: i64 = 100;
/// How much of an error is kept, in characters.
const MAX_ERROR: usize = 500;
/// Pauses between tries to record an outcome. Where that cannot be done, a mail
/// that was sent is sent again.
const RECORD_AGAIN: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1600),
    Duration::from_millis(6400),
];

/// Why a try failed that nobody said the end of: its process was killed, by this
/// very mail perhaps, or could not reach the store.
const CUT_SHORT: &str = "the try before was cut short";

/// What is recorded of a try that may have sent the mail begins with this.
const PERHAPS: &str = "perhaps sent: ";

/// How long until the next try, about: the first time, and at most.
#[derive(Clone, Copy)]
struct Pauses {
    first: Duration,
    last: Duration,
}

/// When a mail is tried again.
enum Next {
    At(Timestamp),
    After(Pauses),
}

/// A mail, as far as it takes to record what became of it.
struct Tried<'a> {
    id: &'a MailId,
    kind: &'static str,
    created_at: Timestamp,
    /// How often, with this try.
    tries: i64,
    /// The try before it was cut short as well.
    again: bool,
    /// The try before it may have sent the mail.
    perhaps: bool,
}

impl<'a> Tried<'a> {
    fn of(mail: &'a StoredMail) -> Self {
        match mail {
            Ok(mail) => Self {
                id: &mail.id,
                kind: mail.kind.as_str(),
                created_at: mail.created_at,
                tries: mail.attempts + 1,
                again: mail.last_error.as_deref() == Some(CUT_SHORT),
                perhaps: mail.last_error.as_deref().is_some_and(|e| e.starts_with(PERHAPS)),
            },
            Err(mail) => Self {
                id: &mail.id,
                kind: "unreadable",
                created_at: mail.created_at,
                tries: mail.attempts + 1,
                again: false,
                perhaps: false,
            },
        }
    }
}

/// What a try came to.
enum Outcome {
    /// Handed over.
    Sent,
    /// What it carries is used, void or expired.
    Pointless,
    /// Its recipient has had enough until then.
    TooMany { until: Timestamp, why: String },
    /// Not handed over.
    Failed(MailError),
    /// Not even tried: the try before was cut short.
    CutShort,
}

impl OutboxWorker {
    /// Tries a mail that this worker has until then, and records the outcome.
    pub(super) async fn handle(&self, mail: &StoredMail, lease: LeaseId, until: Timestamp) {
        let outcome = match mail {
            Ok(mail) if mail.lease.is_some() => Some(Outcome::CutShort),
            Ok(mail) => self.attempt(mail, until).await,
            // A newer version may have queued it, and another process be of that one.
            Err(mail) => Some(Outcome::Failed(MailError::Temporary(mail.why.clone()))),
        };
        if let Some(outcome) = outcome {
            let mail = Tried::of(mail);
            self.record(&mail, self.decide(&mail, lease, outcome), until).await;
        }
    }

    /// Hands the mail over if it is still to be sent; `None` where the lease
    /// might end meanwhile, so that it is another try's. One that is not costs
    /// the same work: a flow that must not show whether it mailed anybody queues
    /// a mail whose token was never written.
    async fn attempt(&self, mail: &OutboxMail, until: Timestamp) -> Option<Outcome> {
        let failed = |why: String| Some(Outcome::Failed(MailError::Temporary(why)));
        let (message, wanted) = match self.message(mail, self.auth.now()).await {
            Ok(message) => message,
            Err(error) => return failed(error.to_string()),
        };
        let counted = match self.count_mail(mail, wanted).await {
            Ok(_) if !wanted => {
                self.rehearse(message).await;
                return Some(Outcome::Pointless);
            }
            Ok(Ok(counted)) => counted,
            Ok(Err(full)) => return Some(Outcome::TooMany { until: full.until, why: full.why }),
            Err(error) => return failed(error.to_string()),
        };
        let outcome = if until.since(self.auth.now()) < SEND_TIMEOUT {
            tracing::warn!(mail = %mail.id, "the store was slow; the mail is left for another try");
            None
        } else {
            let began = Stopwatch::start();
            let handed_over = self.hand_over(message).await;
            self.auth.0.metrics.time(Timed::Mail(mail.kind.as_str()), began.elapsed());
            Some(match handed_over {
                Ok(()) => Outcome::Sent,
                Err(error) => Outcome::Failed(error),
            })
        };
        let perhaps_sent =
            matches!(outcome, Some(Outcome::Sent | Outcome::Failed(MailError::Unconfirmed(_))));
        if !perhaps_sent {
            self.auth.give_back(&counted).await;
        }
        outcome
    }

    /// In a task of its own, so that a mailer that panics has failed like any
    /// other; aborted with the worker.
    async fn hand_over(&self, message: Message) -> Result<(), MailError> {
        let mailer = std::sync::Arc::clone(&self.mailer);
        let mut sending = JoinSet::new();
        sending.spawn(async move { mailer.send(&message).await });
        match timeout(SEND_TIMEOUT, sending.join_next()).await {
            Ok(Some(Ok(answer))) => answer,
            Ok(Some(Err(_)) | None) => Err(MailError::Temporary("the mailer panicked".to_owned())),
            Err(_) => Err(MailError::Unconfirmed("no answer in time".to_owned())),
        }
    }

    /// The same work without the mail; that it fails is nobody's loss.
    async fn rehearse(&self, message: Message) {
        let mailer = std::sync::Arc::clone(&self.mailer);
        let mut sending = JoinSet::new();
        sending.spawn(async move { mailer.rehearse(&message).await });
        let _ = timeout(SEND_TIMEOUT, sending.join_next()).await;
    }

    /// What is to be recorded.
    fn decide(&self, mail: &Tried<'_>, lease: LeaseId, outcome: Outcome) -> Change {
        let Tried { id, kind, tries, .. } = *mail;
        let mut set_up = false;
        let (next, error) = match outcome {
            Outcome::Sent => {
                self.counts.sent.fetch_add(1, Ordering::Relaxed);
                self.count(kind, MailResult::Sent);
                tracing::info!(mail = %id, kind, "mail sent");
                self.set_up.mail_left(self.auth.now());
                return Change::CompleteMail { id: id.clone(), lease };
            }
            Outcome::Pointless => {
                self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                self.count(kind, MailResult::Dropped);
                tracing::info!(mail = %id, kind, "mail dropped: what it carries is used, void or expired");
                return Change::CompleteMail { id: id.clone(), lease };
            }
            Outcome::Failed(MailError::Permanent(error)) => return self.bury(mail, lease, error),
            // A mail that kills whoever sends it, again and again, is the reason.
            Outcome::CutShort if mail.again && tries >= MIN_TRIES => {
                return self.bury(mail, lease, CUT_SHORT.to_owned());
            }
            Outcome::Failed(MailError::Temporary(error)) => {
                (Next::After(NOT_SENT), shortened(error))
            }
            Outcome::Failed(MailError::Unconfirmed(error)) => {
                let pauses = if mail.perhaps { PERHAPS_SENT } else { NOT_SENT };
                (Next::After(pauses), shortened(format!("{PERHAPS}{error}")))
            }
            Outcome::Failed(MailError::SetUp(error)) => {
                set_up = true;
                let error = shortened(error);
                self.set_up.failed(&error, self.auth.now());
                (Next::After(SET_UP), format!("{SET_UP_FAULT}{error}"))
            }
            Outcome::TooMany { until, why } => (Next::At(until), why),
            // Not at once: if it was this mail, the others that were on their way
            // with it come back at other times and are not cut short again.
            Outcome::CutShort => (Next::After(NOT_SENT), CUT_SHORT.to_owned()),
        };
        if self.is_over(mail, set_up) {
            return self.bury(mail, lease, error);
        }
        let at = match next {
            Next::At(until) => {
                self.counts.put_off.fetch_add(1, Ordering::Relaxed);
                self.count(kind, MailResult::PutOff);
                tracing::warn!(mail = %id, kind, %until, why = error, "mail put off");
                until
            }
            Next::After(pauses) => {
                self.counts.retried.fetch_add(1, Ordering::Relaxed);
                self.count(kind, MailResult::Retried);
                let wait = self.backoff(tries, pauses);
                if set_up {
                    // Logged once for all of them.
                    tracing::debug!(mail = %id, kind, tries, ?wait, error, "mail kept");
                } else {
                    tracing::warn!(mail = %id, kind, tries, ?wait, error, "mail not known to be sent, to be tried again");
                }
                self.auth.now() + wait
            }
        };
        Change::RetryMail { id: id.clone(), lease, at, error }
    }

    fn count(&self, kind: &'static str, result: MailResult) {
        self.auth.0.metrics.count(Counted::Mail(kind, result));
    }

    fn bury(&self, mail: &Tried<'_>, lease: LeaseId, error: String) -> Change {
        self.counts.dead.fetch_add(1, Ordering::Relaxed);
        self.count(mail.kind, MailResult::Dead);
        let (Tried { id, kind, tries, .. }, error) = (mail, shortened(error));
        tracing::error!(mail = %id, kind, tries, error, "mail given up");
        Change::BuryMail { id: (*id).clone(), lease, at: self.auth.now(), error }
    }

    /// Whether this was the last try.
    fn is_over(&self, mail: &Tried<'_>, set_up: bool) -> bool {
        let is_old = self.auth.now().since(mail.created_at) >= MAX_AGE;
        (mail.tries >= MAX_TRIES && !set_up) || (is_old && mail.tries >= MIN_TRIES)
    }

    /// The first pause, doubling to the last, with a jitter of a quarter either
    /// way, so that what failed together does not come back together.
    fn backoff(&self, tries: i64, Pauses { first, last }: Pauses) -> Duration {
        let doublings = u32::try_from(tries - 1).unwrap_or(0).min(20);
        let base = first.saturating_mul(2_u32.saturating_pow(doublings)).min(last);
        let jitter = u32::from(u16::from_be_bytes(random(&*self.auth.0.rng)));
        base * 3 / 4 + base / 2 * jitter / u32::from(u16::MAX)
    }

    async fn record(&self, mail: &Tried<'_>, change: Change, until: Timestamp) {
        let auth = &self.auth;
        let Tried { id, kind, .. } = *mail;
        let changes = Changes::new(vec![change], auth.now(), &*auth.0.rng);
        let mut pauses = RECORD_AGAIN.iter();
        loop {
            let error = match auth.read_store(auth.0.store.apply(&changes)).await {
                Ok(()) => return auth.committed(&changes),
                // Recorded by the try before, whose answer was lost; dropped with
                // its user; or another worker has it since the lease ran out.
                Err(StoreError::Conflict(_)) => {
                    tracing::debug!(mail = %id, kind, "the mail is gone");
                    return;
                }
                Err(error) => error,
            };
            match pauses.next() {
                Some(&pause) if auth.now() + pause < until => sleep(pause).await,
                _ => {
                    tracing::warn!(
                        mail = %id,
                        kind,
                        error = %with_causes(&error),
                        "a mail's outcome was not recorded"
                    );
                    return;
                }
            }
        }
    }
}

fn shortened(error: String) -> String {
    match error.char_indices().nth(MAX_ERROR) {
        Some((end, _)) => format!("{}…", &error[..end]),
        None => error,
    }
}
