//! The facade itself.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::keys::CurrentKeys;
use super::receipts::Receipts;
use super::refusals::Refusals;
use super::upkeep::Upkeep;
use crate::captcha::Captcha;
use crate::claims::Claims;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::EventSink;
use crate::flows::LastCount;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::password::PasswordHasher;
use crate::rng::SecureRng;
use crate::store::Store;

/// User accounts over a store: every operation there is, for cheap cloning.
///
/// The operations are methods, one operation a file under `flows`.
#[derive(Clone)]
pub struct Auth(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: Config,
    pub(super) keys: CurrentKeys,
    pub(crate) hasher: PasswordHasher,
    pub(crate) metrics: Arc<dyn Metrics>,
    pub(crate) refusals: Refusals,
    pub(crate) receipts: Receipts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn SecureRng>,
    /// What sends mail in this process, once something does.
    pub(crate) mailer: OnceLock<Arc<dyn Mailer>>,
    /// Rung when a commit queued mail.
    pub(crate) mail_queued: Notify,
    /// How far this process's clock is behind the store's, in milliseconds.
    pub(crate) clock_offset: AtomicI64,
    /// Whether expired rows are being purged.
    pub(crate) upkeep: Upkeep,
    /// What was last counted for administrators.
    pub(crate) last_count: LastCount,
    /// Told what happened.
    pub(crate) events: Option<Arc<dyn EventSink>>,
    /// Asked what else goes into access tokens.
    pub(crate) claims: Option<Arc<dyn Claims>>,
    /// Asked what strangers have to prove.
    pub(crate) captcha: Option<Arc<dyn Captcha>>,
    /// Who signs people in elsewhere.
    #[cfg(feature = "oidc")]
    pub(crate) providers: crate::oidc::Providers,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("store", &self.0.store)
            .field("keys", &self.keys().ring)
            .finish_non_exhaustive()
    }
}

impl Auth {
    /// The policies.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// How many passwords wait to be hashed or verified.
    pub fn passwords_waiting(&self) -> usize {
        self.0.hasher.waiting()
    }

    /// The public keys that access tokens are verified with, as a JWK set (RFC 7517, 5).
    pub fn jwks(&self) -> serde_json::Value {
        self.keys().jwt.jwks()
    }
}
