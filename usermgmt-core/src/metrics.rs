//! Counts and times of what the engine does, for whatever collects them.
//!
//! The engine owns no registry and no global: it calls a [`Metrics`] that is
//! given to [`AuthBuilder::metrics`](crate::auth::AuthBuilder::metrics). Nothing
//! personal is passed, and every label has few values.

use std::fmt;
use std::time::{Duration, Instant};

use crate::auth::LimitName;

/// The names of all limits that [`Counted::RateLimited`] can tell of.
pub const LIMITS: [&str; 16] = LimitName::REFUSING;

/// Takes the engine's counts and times. Called on the way of requests: it must
/// not wait.
pub trait Metrics: fmt::Debug + Send + Sync + 'static {
    /// Something happened.
    fn count(&self, what: Counted);

    /// Something took this long.
    fn time(&self, what: Timed, took: Duration);
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Counted {
    /// A sign-in came to its end.
    SignIn(SignInResult),
    /// Somebody registered, or a service, an admin or an operator made a user.
    Registration,
    /// A limit of this name refused somebody.
    RateLimited(&'static str),
    /// No room was left to hash a password.
    Overloaded,
    /// A store call failed.
    StoreError(StoreErrorKind),
    /// The outbox worker has tried a mail of this kind.
    Mail(&'static str, MailResult),
    /// A refresh token was used again, and its session ended.
    RefreshReuse,
    /// A check against breached passwords was asked. The application's own check
    /// counts it.
    BreachCheck(BreachCheckResult),
    /// A listener closed a connection to make room for another one. The
    /// application's own listener counts it.
    ConnectionCut,
}

/// What a check against breached passwords came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreachCheckResult {
    /// The password is known from a breach.
    Breached,
    /// It is not.
    Unknown,
    /// Nobody could say, and the password passed.
    Failed,
}

impl BreachCheckResult {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Breached, Self::Unknown, Self::Failed];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breached => "breached",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignInResult {
    /// With a session.
    SignedIn,
    /// The first factor is right; the second is asked for.
    MfaRequired,
    /// Unknown, wrong, unconfirmed or disabled.
    Refused,
    /// The first factor was right; the code, or the passkey in its place, was not.
    WrongCode,
}

impl SignInResult {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SignedIn, Self::MfaRequired, Self::Refused, Self::WrongCode];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::MfaRequired => "mfa_required",
            Self::Refused => "refused",
            Self::WrongCode => "wrong_code",
        }
    }
}

/// How a store call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// No answer, or not in time.
    Unavailable,
    /// An answer that cannot be.
    Failed,
}

impl StoreErrorKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Unavailable, Self::Failed];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}

/// What came of one try of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MailResult {
    /// Handed over.
    Sent,
    /// Failed for now.
    Retried,
    /// Put off: its recipient has had enough for the hour.
    PutOff,
    /// Given up.
    Dead,
    /// Not sent: what it carries is used, void or expired.
    Dropped,
}

impl MailResult {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sent, Self::Retried, Self::PutOff, Self::Dead, Self::Dropped];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::PutOff => "put_off",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }
}

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timed {
    /// Hashing or verifying one password.
    PasswordHash,
    /// Waiting for a thread to do that.
    PasswordHashWait,
    /// One call of the store, by the name of its method.
    StoreCall(&'static str),
    /// Handing over one mail of this kind, or failing to.
    Mail(&'static str),
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMetrics;

impl Metrics for NoMetrics {
    fn count(&self, _: Counted) {}
    fn time(&self, _: Timed, _: Duration) {}
}

/// Measures how long something takes. Nothing is ever decided by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
