//! Limits on attempts: counted before the work, given back on success.

use std::time::Duration;

use super::client::Client;
use super::error::ServiceError;
use super::facade::Auth;
use crate::causes::with_causes;
use crate::clock::Timestamp;
use crate::config::{Budget, Rate};
use crate::metrics;
use crate::store::{Count, Hit};

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitName {
    /// Sign-ins with one identifier from one client.
    SignInPair,
    /// Sign-ins from one client.
    SignInClient,
    /// Sign-ins with one account by strangers.
    SignInAccount,
    /// Sign-ins from one device that the owner has used.
    SignInDevice,
    /// Second factors at sign-in with one account by strangers.
    MfaAccount,
    /// Second factors at sign-in from one device that the owner has used.
    MfaDevice,
    /// How often a reset clears what strangers failed at the second factor.
    MfaCleared,
    /// Notices of failed sign-ins.
    FailureNotice,
    /// Passwords of a user in one session.
    SessionSecret,
    /// Second factors of a user in one session: apart, so that whoever has the one ends
    /// no row of failures of the other.
    SessionCode,
    /// Second factors of one user that a service verifies.
    ServiceSecret,
    /// Codes tried for one ticket.
    TicketTries,
    /// Tries of one short code.
    CodeTries,
    /// Short codes tried with one address.
    CodeIdentifier,
    /// Short codes tried by one client.
    CodeClient,
    /// Codes to sign in that were tried with one address.
    SignInCode,
    /// Tokens presented by one client.
    TokenClient,
    /// Captchas that one client did not solve.
    CaptchaClient,
    /// Mails of one kind queued for one account or address on request.
    MailQueued,
    /// Mails asked for by one client.
    MailClient,
    /// Registrations by one client.
    RegisterClient,
    /// Registrations of one address.
    RegisterMail,
    /// Changes of address by one user.
    EmailChange,
    /// Changes of address to one address.
    EmailChangeTo,
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
    /// The names of those that refuse a request, and are counted where they do. Beyond
    /// the others a request is answered as any other, or a mail is put off.
    pub(crate) const REFUSING: [&str; 16] = [
        Self::SignInPair.as_str(),
        Self::SignInClient.as_str(),
        Self::MfaAccount.as_str(),
        Self::MfaDevice.as_str(),
        Self::SessionSecret.as_str(),
        Self::SessionCode.as_str(),
        Self::ServiceSecret.as_str(),
        Self::CodeIdentifier.as_str(),
        Self::CodeClient.as_str(),
        Self::SignInCode.as_str(),
        Self::TokenClient.as_str(),
        Self::CaptchaClient.as_str(),
        Self::MailClient.as_str(),
        Self::RegisterClient.as_str(),
        Self::EmailChange.as_str(),
        Self::EmailChangeTo.as_str(),
    ];

    /// Goes into the key of the counter: what it once was it stays.
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignInPair => "sign-in-pair",
            Self::SignInClient => "sign-in-client",
            Self::SignInAccount => "sign-in-account",
            Self::SignInDevice => "sign-in-device",
            Self::MfaAccount => "mfa-account",
            Self::MfaDevice => "mfa-device",
            Self::MfaCleared => "mfa-cleared",
            Self::FailureNotice => "failure-notice",
            Self::SessionSecret => "session-secret",
            Self::SessionCode => "session-code",
            Self::ServiceSecret => "service-secret",
            Self::TicketTries => "ticket-tries",
            Self::CodeTries => "code-tries",
            Self::CodeIdentifier => "code-email",
            Self::CodeClient => "code-client",
            Self::SignInCode => "sign-in-code",
            Self::TokenClient => "token-client",
            Self::CaptchaClient => "captcha-client",
            Self::MailQueued => "mail-queued",
            Self::MailClient => "mail-client",
            Self::RegisterClient => "register-client",
            Self::RegisterMail => "register-mail",
            Self::EmailChange => "email-change",
            Self::EmailChangeTo => "email-change-to",
            Self::Recipient => "recipient",
            Self::RecipientKind => "recipient-kind",
            Self::Unwanted => "unwanted-recipient",
            Self::UnwantedKind => "unwanted-recipient-kind",
        }
    }
}

/// What is counted: a rate and what it is counted by. The key that the store
/// sees is a MAC, so that it holds neither names nor addresses.
#[derive(Clone)]
pub(crate) struct Limit<'a> {
    pub(crate) name: LimitName,
    pub(crate) window: Window,
    pub(crate) rate: Rate,
    pub(crate) by: Vec<&'a str>,
}

/// What a client is counted by.
pub(crate) struct Networks {
    own: String,
    site: Option<String>,
}

impl Networks {
    pub(crate) fn of(client: &Client) -> Self {
        Self { own: client.network(), site: client.site() }
    }
}

/// Which window of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The only one, or the first of a budget.
    First,
    /// A budget's day.
    Day,
    /// All of a budget's failures in a row.
    InARow,
    /// That of all clients of one site.
    Site,
}

/// How long a row of failures is remembered.
const ROW: Duration = Duration::from_secs(365 * 86_400);
/// The longest time that a refusal tells to wait: what is left of a row ends
/// sooner by a reset.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

impl<'a> Limit<'a> {
    /// A limit with one window.
    pub(crate) fn new(name: LimitName, rate: Rate, by: &[&'a str]) -> Self {
        Self { name, window: Window::First, rate, by: by.to_vec() }
    }

    /// A limit of a client, and for IPv6 a wider one of the client's site.
    pub(crate) fn of_client(
        name: LimitName,
        rate: Rate,
        sites: i64,
        client: &Client,
        networks: &'a Networks,
    ) -> Vec<Self> {
        let rate = client.limit(rate);
        let mut limits = vec![Self::new(name, rate, &[&networks.own])];
        if let Some(site) = &networks.site {
            let rate = Rate { max: rate.max.saturating_mul(sites), ..rate };
            limits.push(Self { name, window: Window::Site, rate, by: vec![site] });
        }
        limits
    }

    /// The windows of a budget.
    pub(crate) fn budget(name: LimitName, budget: Budget, by: &[&'a str]) -> [Self; 3] {
        [
            (Window::First, budget.first),
            (Window::Day, Rate::per_minutes(budget.per_day, 24 * 60)),
            (Window::InARow, Rate { max: budget.in_a_row, window: ROW }),
        ]
        .map(|(window, rate)| Self { name, window, rate, by: by.to_vec() })
    }
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
    window: Window,
    key: String,
    max: i64,
    count: Count,
}

impl Attempt {
    /// The count under this limit, this attempt included; 0 where it was not
    /// counted, as where limits are off.
    pub(crate) fn count(&self, name: LimitName, window: Window) -> i64 {
        let mut counted = self.counted.iter();
        let counted = counted.find(|counted| counted.name == name && counted.window == window);
        counted.map_or(0, |counted| counted.count.count)
    }

    /// Both counts as one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.counted.extend(other.counted);
        self
    }

    /// Takes out what was counted of sites whose client is beyond its own limit:
    /// it does not use up what its neighbours have.
    fn split_spent_sites(&mut self) -> Self {
        let spent: Vec<LimitName> = self
            .counted
            .iter()
            .filter(|counted| counted.window == Window::First && counted.is_exceeded())
            .map(|counted| counted.name)
            .collect();
        let is_spent =
            |counted: &Counted| counted.window == Window::Site && spent.contains(&counted.name);
        let (of_sites, others) =
            std::mem::take(&mut self.counted).into_iter().partition(|counted| is_spent(counted));
        self.counted = others;
        Self { counted: of_sites, now: self.now }
    }

    /// Whether it is within all windows of this limit.
    pub(crate) fn is_within(&self, name: LimitName) -> bool {
        !self.counted.iter().any(|counted| counted.name == name && counted.is_exceeded())
    }

    /// Whether it is within the longest window of a budget.
    pub(crate) fn is_within_row(&self, name: LimitName) -> bool {
        !self.counted.iter().any(|counted| {
            counted.name == name && counted.window == Window::InARow && counted.is_exceeded()
        })
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

    fn retry_after(&self, counted: &Counted) -> Duration {
        counted.count.resets_at.since(self.now).clamp(Duration::from_secs(1), LONGEST_WAIT)
    }
}

impl Counted {
    fn is_exceeded(&self) -> bool {
        self.count.count > self.max
    }
}

impl Auth {
    /// The key of a limit's counter.
    pub(super) fn counter(&self, name: LimitName, window: Window, by: &[&str]) -> String {
        let by: Vec<&[u8]> = by.iter().map(|part| part.as_bytes()).collect();
        let name = match window {
            Window::First => name.as_str().to_owned(),
            Window::Day => format!("{}/day", name.as_str()),
            Window::InARow => format!("{}/row", name.as_str()),
            Window::Site => format!("{}/site", name.as_str()),
        };
        self.keys().ring.lookup_key(&name, &by)
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
                let key = self.counter(limit.name, limit.window, &limit.by);
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
            window: limit.window,
            key,
            max: limit.rate.max,
            count,
        });
        let mut attempt = Attempt { counted: counted.collect(), now };
        self.give_back(&attempt.split_spent_sites()).await;
        Ok(attempt)
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
    pub(crate) fn count_refusal(&self, attempt: &Attempt) {
        if let Some((name, _)) = attempt.first_exceeded() {
            debug_assert!(LimitName::REFUSING.contains(&name.as_str()), "{name:?} refuses too");
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
            tracing::warn!(error = %with_causes(&error), "an attempt that succeeded stays counted");
        }
    }

    /// Takes an attempt back that succeeded, and ends the rows of failures before it.
    pub(crate) async fn succeeded(&self, attempt: &Attempt) {
        self.give_back(attempt).await;
        for counted in &attempt.counted {
            if counted.window == Window::InARow && counted.count.count > 1 {
                self.clear(&counted.key).await;
            }
        }
    }

    /// Forgets all that was counted of a budget.
    pub(crate) async fn forget_budget(&self, name: LimitName, by: &[&str]) {
        for window in [Window::First, Window::Day, Window::InARow] {
            self.forget_count(name, window, by).await;
        }
    }

    /// Forgets a counter.
    pub(crate) async fn forget_count(&self, name: LimitName, window: Window, by: &[&str]) {
        self.clear(&self.counter(name, window, by)).await;
    }

    async fn clear(&self, key: &str) {
        if let Err(error) = self.read_store(self.0.store.clear_count(key)).await {
            tracing::warn!(error = %with_causes(&error), "a counter that should be cleared stays");
        }
    }
}
