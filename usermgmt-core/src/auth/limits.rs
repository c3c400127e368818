//! Limits on attempts: counted before the work, given back on success.

use std::time::Duration;

use super::error::ServiceError;
use super::facade::Auth;
use crate::clock::Timestamp;
use crate::config::Rate;
use crate::metrics;
use crate::store::{Count, Hit};

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitName {
    /// Sign-ins with one identifier from one client.
    SignInPair,
    /// Sign-ins from one client.
    SignInClient,
    /// Sign-ins with one account from anywhere.
    SignInAccount,
    /// Notices of failed sign-ins.
    FailureNotice,
    /// Passwords and second factors of one user who is signed in.
    UserSecret,
    /// Codes tried for one ticket.
    TicketTries,
    /// Tries of one short code.
    CodeTries,
    /// Short codes tried with one address.
    CodeIdentifier,
    /// Short codes tried by one client.
    CodeClient,
    /// Tokens presented by one client.
    TokenClient,
    /// Mails asked for with one identifier.
    MailIdentifier,
    /// Mails asked for by one client.
    MailClient,
    /// Registrations by one client.
    RegisterClient,
    /// Registrations of one address.
    RegisterMail,
    /// Changes of address by one user.
    EmailChange,
    /// Mails sent to one address.
    Recipient,
    /// Mails of one kind sent to one address.
    RecipientKind,
    /// Mails to one address that were handled and not sent.
    Unwanted,
    /// The same of one kind.
    UnwantedKind,
}

impl LimitName {
    /// Goes into the key of the counter: what it once was it stays.
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignInPair => "sign-in-pair",
            Self::SignInClient => "sign-in-client",
            Self::SignInAccount => "sign-in-account",
            Self::FailureNotice => "failure-notice",
            Self::UserSecret => "user-secret",
            Self::TicketTries => "ticket-tries",
            Self::CodeTries => "code-tries",
            Self::CodeIdentifier => "code-email",
            Self::CodeClient => "code-client",
            Self::TokenClient => "token-client",
            Self::MailIdentifier => "mail-identifier",
            Self::MailClient => "mail-client",
            Self::RegisterClient => "register-client",
            Self::RegisterMail => "register-mail",
            Self::EmailChange => "email-change",
            Self::Recipient => "recipient",
            Self::RecipientKind => "recipient-kind",
            Self::Unwanted => "unwanted-recipient",
            Self::UnwantedKind => "unwanted-recipient-kind",
        }
    }
}

/// What is counted: a rate and what it is counted by. The key that the store
/// sees is a MAC, so that it holds neither names nor addresses.
pub(crate) struct Limit<'a> {
    pub(crate) name: LimitName,
    pub(crate) rate: Rate,
    pub(crate) by: &'a [&'a str],
}

/// Attempts that were counted.
#[derive(Debug)]
pub(crate) struct Attempt {
    counted: Vec<Counted>,
    now: Timestamp,
}

#[derive(Debug)]
struct Counted {
    name: LimitName,
    key: String,
    max: i64,
    count: Count,
}

impl Attempt {
    /// The count under this limit, this attempt included; 0 where it was not
    /// counted, as where limits are off.
    pub(crate) fn count(&self, name: LimitName) -> i64 {
        self.find(name).map_or(0, |counted| counted.count.count)
    }

    /// Both.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.counted.extend(other.counted);
        self
    }

    /// Whether it is within this limit.
    pub(crate) fn is_within(&self, name: LimitName) -> bool {
        self.find(name).is_none_or(|counted| !counted.is_exceeded())
    }

    /// The first limit that it is beyond, and when its window ends.
    pub(crate) fn first_exceeded(&self) -> Option<(LimitName, Timestamp)> {
        let counted = self.counted.iter().find(|counted| counted.is_exceeded())?;
        Some((counted.name, self.now + self.retry_after(counted)))
    }

    /// Refuses it beyond any of its limits.
    pub(crate) fn check(&self) -> Result<(), ServiceError> {
        match self.counted.iter().find(|counted| counted.is_exceeded()) {
            Some(counted) => {
                Err(ServiceError::RateLimited { retry_after: self.retry_after(counted) })
            }
            None => Ok(()),
        }
    }

    /// The keys of the limits that it is beyond, and when their windows end.
    pub(super) fn exceeded(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        let exceeded = self.counted.iter().filter(|counted| counted.is_exceeded());
        exceeded.map(|counted| (counted.key.as_str(), self.now + self.retry_after(counted)))
    }

    fn find(&self, name: LimitName) -> Option<&Counted> {
        self.counted.iter().find(|counted| counted.name == name)
    }

    fn retry_after(&self, counted: &Counted) -> Duration {
        counted.count.resets_at.since(self.now).max(Duration::from_secs(1))
    }
}

impl Counted {
    fn is_exceeded(&self) -> bool {
        self.count.count > self.max
    }
}

impl Auth {
    /// The key of a limit's counter.
    pub(super) fn counter(&self, name: LimitName, by: &[&str]) -> String {
        let by: Vec<&[u8]> = by.iter().map(|part| part.as_bytes()).collect();
        self.0.keys.lookup_key(name.as_str(), &by)
    }

    /// Counts an attempt under each limit without refusing it.
    pub(crate) async fn count(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        if !self.0.config.limits.enabled {
            return Ok(Attempt { counted: Vec::new(), now });
        }
        self.count_always(limits, now).await
    }

    /// The same where limits hold even when they are switched off: the tries of
    /// one code.
    pub(crate) async fn count_always(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let mut keyed: Vec<(Hit, usize)> = (0..)
            .zip(limits)
            .map(|(n, limit)| {
                let key = self.counter(limit.name, limit.by);
                (Hit { key, window: limit.rate.window }, n)
            })
            .collect();
        keyed.sort();
        let hits: Vec<Hit> = keyed.iter().map(|(hit, _)| hit.clone()).collect();
        let mut counts: Vec<(usize, String, Count)> = keyed
            .into_iter()
            .zip(self.read(self.0.store.hit(&hits, now)).await?)
            .map(|((hit, n), count)| (n, hit.key, count))
            .collect();
        counts.sort_by_key(|(n, ..)| *n);
        let counted = limits.iter().zip(counts).map(|(limit, (_, key, count))| Counted {
            name: limit.name,
            key,
            max: limit.rate.max,
            count,
        });
        Ok(Attempt { counted: counted.collect(), now })
    }

    /// Counts an attempt and refuses it beyond any of the limits.
    pub(crate) async fn attempt(
        &self,
        limits: &[Limit<'_>],
        now: Timestamp,
    ) -> Result<Attempt, ServiceError> {
        let attempt = self.count(limits, now).await?;
        attempt.check().inspect_err(|_| self.count_refusal(&attempt))?;
        Ok(attempt)
    }

    /// Tells the metrics which limit refused an attempt.
    pub(super) fn count_refusal(&self, attempt: &Attempt) {
        if let Some((name, _)) = attempt.first_exceeded() {
            self.0.metrics.count(metrics::Counted::RateLimited(name.as_str()));
        }
    }

    /// Takes an attempt back that turned out well. That it cannot be is no
    /// reason to fail what it was for.
    pub(crate) async fn give_back(&self, attempt: &Attempt) {
        if attempt.counted.is_empty() {
            return;
        }
        let mut keys: Vec<String> =
            attempt.counted.iter().map(|counted| counted.key.clone()).collect();
        keys.sort();
        if let Err(error) = self.read_store(self.0.store.give_back(&keys)).await {
            tracing::warn!(%error, "an attempt that succeeded stays counted");
        }
    }

    /// Forgets a counter.
    pub(crate) async fn forget_count(&self, name: LimitName, by: &[&str]) {
        let key = self.counter(name, by);
        if let Err(error) = self.read_store(self.0.store.clear_count(&key)).await {
            tracing::warn!(%error, "a counter that should be cleared stays");
        }
    }
}
