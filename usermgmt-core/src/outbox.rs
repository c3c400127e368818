//! The worker that sends what flows have queued: at least once, from any number
//! of processes.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::auth::Auth;
use crate::clock::Timestamp;
use crate::mail::{MailError, Mailer};
use crate::model::ids::LeaseId;
use crate::model::mail::{MailToken, Message, OutboxMail};
use crate::model::token::{Purpose, Token};
use crate::rng::random;
use crate::secret::Redacted;
use crate::store::{Change, Changes, StoreError};
use crate::token;

/// How long one worker has a mail.
const LEASE: Duration = Duration::from_secs(60);
/// How long handing over one mail may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// How many mails one worker has at a time: all are tried at once, so that a
/// slow one does not outlast the lease of another.
const BATCH: usize = 16;
/// How long until the first retry, about.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// How long until a later one, at most.
const LAST_RETRY: Duration = Duration::from_secs(3600);
/// After how many tries a mail is given up.
const MAX_ATTEMPTS: i64 = 50;
/// After what time a mail is given up.
const MAX_AGE: Duration = Duration::from_secs(3 * 86_400);
/// How often to look for mail that another process queued.
const LOOK: Duration = Duration::from_secs(5);

/// How many mails a worker has handled, for whoever watches it.
#[derive(Debug, Default)]
pub struct OutboxCounts {
    /// Handed over.
    pub sent: AtomicU64,
    /// Failed for now.
    pub retried: AtomicU64,
    /// Given up.
    pub dead: AtomicU64,
    /// Not sent because what they carry is used, void or expired.
    pub dropped: AtomicU64,
}

/// Sends queued mail through a [`Mailer`].
#[derive(Clone, Debug)]
pub struct OutboxWorker {
    auth: Auth,
    mailer: Arc<dyn Mailer>,
    counts: Arc<OutboxCounts>,
}

impl OutboxWorker {
    /// A worker for this store's outbox. Any number may run, in any number of processes.
    pub fn new(auth: Auth, mailer: Arc<dyn Mailer>) -> Self {
        Self { auth, mailer, counts: Arc::default() }
    }

    /// What it has done so far.
    pub fn counts(&self) -> &OutboxCounts {
        &self.counts
    }

    /// Sends until `stop` is ready, finishes what it has begun, and returns.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let tried = match self.run_once().await {
                Ok(tried) => tried,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read");
                    0
                }
            };
            let wait = if tried == BATCH { Duration::ZERO } else { LOOK };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.auth.0.mail_queued.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Claims what is due, at most one batch, and tries each once. Says how many
    /// there were.
    ///
    /// # Errors
    /// [`StoreError`] where the store did not give any. That one mail's outcome
    /// could not be recorded is logged: it is tried again when its lease is over.
    pub async fn run_once(&self) -> Result<usize, StoreError> {
        self.work_as_of(self.auth.now()).await
    }

    /// Sends at once what a process that was killed had begun to send, instead of
    /// when its leases are over. Only for a store that no other process uses:
    /// what another one is sending now would be sent twice.
    ///
    /// # Errors
    /// [`StoreError`] where the store did not give any.
    pub async fn take_over(&self) -> Result<(), StoreError> {
        // One batch is all that a worker has, and it was due before all others.
        self.work_as_of(self.auth.now() + LEASE).await.map(drop)
    }

    async fn work_as_of(&self, now: Timestamp) -> Result<usize, StoreError> {
        let auth = &self.auth;
        let lease = LeaseId::generate(&*auth.0.rng);
        let claimed =
            auth.read_store(auth.0.store.claim_mail(lease, now, now + LEASE, BATCH)).await?;
        let tried = claimed.len();
        let mut sending = tokio::task::JoinSet::new();
        for mail in claimed {
            let worker = self.clone();
            sending.spawn(async move { worker.handle(mail, lease).await });
        }
        while sending.join_next().await.is_some() {}
        Ok(tried)
    }

    async fn handle(&self, mail: OutboxMail, lease: LeaseId) {
        let (id, kind) = (mail.id.clone(), mail.kind);
        let outcome = self.try_one(&mail, lease).await;
        let now = self.auth.now();
        let changes = Changes::new(vec![outcome], now, &*self.auth.0.rng);
        match self.auth.read_store(self.auth.0.store.apply(&changes)).await {
            Ok(()) => {}
            // Dropped with its user, or another worker has it since the lease ran out.
            Err(StoreError::Conflict(_)) => {
                tracing::debug!(mail = %id, kind = kind.as_str(), "the mail is gone")
            }
            Err(error) => {
                tracing::warn!(mail = %id, kind = kind.as_str(), %error, "a mail's outcome was not recorded")
            }
        }
    }

    /// What becomes of one mail.
    async fn try_one(&self, mail: &OutboxMail, lease: LeaseId) -> Change {
        let now = self.auth.now();
        let complete = Change::CompleteMail { id: mail.id.clone(), lease };
        let message = match self.message(mail, now).await {
            Ok(Some(message)) => message,
            Ok(None) => {
                self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                return complete;
            }
            Err(error) => return self.failed(mail, lease, MailError::Temporary(error.to_string())),
        };
        match tokio::time::timeout(SEND_TIMEOUT, self.mailer.send(&message)).await {
            Ok(Ok(())) => {
                self.counts.sent.fetch_add(1, Ordering::Relaxed);
                tracing::info!(mail = %mail.id, kind = mail.kind.as_str(), "mail sent");
                complete
            }
            Ok(Err(error)) => self.failed(mail, lease, error),
            Err(_) => {
                self.failed(mail, lease, MailError::Temporary("no answer in time".to_owned()))
            }
        }
    }

    fn failed(&self, mail: &OutboxMail, lease: LeaseId, error: MailError) -> Change {
        let now = self.auth.now();
        let id = mail.id.clone();
        let tries = mail.attempts + 1;
        let (error, permanent) = match error {
            MailError::Temporary(error) => (error, false),
            MailError::Permanent(error) => (error, true),
        };
        if permanent || tries >= MAX_ATTEMPTS || now.since(mail.created_at) >= MAX_AGE {
            self.counts.dead.fetch_add(1, Ordering::Relaxed);
            tracing::error!(mail = %id, kind = mail.kind.as_str(), tries, %error, "mail given up");
            return Change::BuryMail { id, lease, at: now, error };
        }
        self.counts.retried.fetch_add(1, Ordering::Relaxed);
        let wait = self.backoff(tries);
        tracing::warn!(mail = %id, kind = mail.kind.as_str(), tries, ?wait, %error, "mail not sent, to be tried again");
        Change::RetryMail { id, lease, at: now + wait, error }
    }

    /// About 5 s, doubling to an hour, with a jitter of a quarter either way, so
    /// that what failed together does not come back together.
    fn backoff(&self, tries: i64) -> Duration {
        let doublings = u32::try_from(tries - 1).unwrap_or(0).min(20);
        let base = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(doublings)).min(LAST_RETRY);
        let jitter = u32::from(u16::from_be_bytes(random(&*self.auth.0.rng)));
        base * 3 / 4 + base / 2 * jitter / u32::from(u16::MAX)
    }

    /// The mail with its secrets; `None` where it is not to be sent any more.
    async fn message(
        &self,
        mail: &OutboxMail,
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let auth = &self.auth;
        let mut primary = None;
        if let Some(first) = mail.tokens.first() {
            match auth.read_store(auth.0.store.token(first.id)).await? {
                Some(row) if row.is_live(now) => primary = Some(row),
                _ => return Ok(None),
            }
        }
        // A later mail carries a newer code, and the link as well.
        let superseded =
            |row: &Token, mailed: &MailToken| mailed.code_issue.is_some_and(|n| n < row.code_issue);
        if let (Some(row), Some(mailed)) = (&primary, mail.tokens.first())
            && superseded(row, mailed)
        {
            return Ok(None);
        }
        let mut message = Message {
            id: mail.id.clone(),
            kind: mail.kind,
            recipient: mail.recipient.clone(),
            locale: mail.locale.clone(),
            product_name: auth.0.config.product_name.clone(),
            created_at: mail.created_at,
            params: mail.params.clone(),
            link: None,
            not_me_link: None,
            code: None,
            valid_minutes: primary.as_ref().map(|row| minutes(row.expires_at.since(now))),
        };
        for mailed in &mail.tokens {
            let text = token::one_time(&auth.0.keys, mailed.purpose, mailed.id);
            match mailed.purpose {
                Purpose::NotMe => message.not_me_link = Some(self.link(mailed.purpose, &text)),
                Purpose::Activation => message.code = Some(text),
                Purpose::MfaTicket => {}
                _ => message.link = Some(self.link(mailed.purpose, &text)),
            }
            let code_lives =
                primary.as_ref().and_then(|row| row.code_expires_at).is_some_and(|at| now < at);
            if let Some(issue) = mailed.code_issue
                && code_lives
            {
                message.code = Some(token::code(&auth.0.keys, mailed.id, issue));
            }
        }
        Ok(Some(message))
    }

    /// Where a mailed link leads.
    fn link(&self, purpose: Purpose, token: &Redacted<String>) -> Redacted<String> {
        let config = &self.auth.0.config;
        let public = config.public_url.as_str().trim_end_matches('/');
        let token = token.expose();
        Redacted::new(match purpose {
            Purpose::Reset | Purpose::ChoosePassword => {
                let frontend =
                    config.frontend_url.as_ref().map(|url| url.as_str().trim_end_matches('/'));
                format!("{}/reset-password?token={token}", frontend.unwrap_or(public))
            }
            Purpose::EmailChange => format!("{public}/email/confirm?token={token}"),
            Purpose::EmailUndo => format!("{public}/email/undo?token={token}"),
            Purpose::NotMe => format!("{public}/not-me?token={token}"),
            Purpose::Confirm | Purpose::Activation | Purpose::MfaTicket => {
                format!("{public}/confirm-email/{token}")
            }
        })
    }
}

fn minutes(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs().div_ceil(60)).unwrap_or(i64::MAX)
}
