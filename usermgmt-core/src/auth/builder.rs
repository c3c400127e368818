//! Putting an [`Auth`] together.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::error::BuildError;
use super::facade::{Auth, Inner};
use super::keys::{CurrentKeys, Keys};
use super::receipts::Receipts;
use super::refusals::Refusals;
use super::upkeep::Upkeep;
use crate::captcha::Captcha;
use crate::claims::Claims;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::event::EventSink;
use crate::flows::LastCount;
use crate::keys::KeyRing;
use crate::metrics::{Metrics, NoMetrics};
use crate::password::PasswordHasher;
use crate::rng::{OsRng, SecureRng};
use crate::store::{MeteredStore, Store};

/// Puts an [`Auth`] together.
pub struct AuthBuilder {
    store: Arc<dyn Store>,
    keys: KeyRing,
    config: Config,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn SecureRng>,
    events: Option<Arc<dyn EventSink>>,
    claims: Option<Arc<dyn Claims>>,
    captcha: Option<Arc<dyn Captcha>>,
    metrics: Option<Arc<dyn Metrics>>,
    only_looks: bool,
    #[cfg(feature = "oidc")]
    http: Option<Arc<dyn crate::oidc::HttpClient>>,
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder")
            .field("store", &self.store)
            .field("keys", &self.keys)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl AuthBuilder {
    /// Another clock than the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of randomness than the operating system's.
    #[must_use]
    pub fn rng(mut self, rng: impl SecureRng) -> Self {
        self.rng = Arc::new(rng);
        self
    }

    /// Somebody who is told what happened, after each commit.
    #[must_use]
    pub fn events(mut self, sink: impl EventSink) -> Self {
        self.events = Some(Arc::new(sink));
        self
    }

    /// Claims of the application's own in access tokens.
    #[must_use]
    pub fn claims(mut self, claims: impl Claims) -> Self {
        self.claims = Some(Arc::new(claims));
        self
    }

    /// What strangers have to prove before they register, sign in or have us send
    /// mail. Without it nothing.
    #[must_use]
    pub fn captcha(mut self, captcha: impl Captcha) -> Self {
        self.captcha = Some(Arc::new(captcha));
        self
    }

    /// What takes the engine's counts and times. Without it nothing is counted.
    #[must_use]
    pub fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Root secrets that the store does not know yet are checked as at a start, and not
    /// recorded: for a program that looks whether a start would succeed.
    #[must_use]
    pub fn only_looks(mut self) -> Self {
        self.only_looks = true;
        self
    }

    /// What makes requests of the [`providers`](Config::providers).
    #[cfg(feature = "oidc")]
    #[must_use]
    pub fn http_client(mut self, http: Arc<dyn crate::oidc::HttpClient>) -> Self {
        self.http = Some(http);
        self
    }

    /// Checks the policies and that the store was not used with other root
    /// secrets, and starts the hashing threads.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that is wrong.
    pub async fn build(self) -> Result<Auth, BuildError> {
        self.config.validate()?;
        let keys = Keys::new(self.keys, &self.config)?;
        #[cfg(feature = "oidc")]
        let providers = match &self.http {
            Some(http) => crate::oidc::Providers::new(&self.config.providers, http),
            None if self.config.providers.is_empty() => crate::oidc::Providers::default(),
            None => return Err(crate::config::ConfigError::without_http_client().into()),
        };
        let (metrics, store): (Arc<dyn Metrics>, Arc<dyn Store>) = match self.metrics {
            Some(metrics) => {
                let store = MeteredStore::new(self.store, Arc::clone(&metrics));
                (metrics, Arc::new(store))
            }
            None => (Arc::new(NoMetrics), self.store),
        };
        let hasher = PasswordHasher::with_metrics(
            self.config.hasher.clone(),
            Arc::clone(&self.rng),
            Arc::clone(&metrics),
        )?;
        let auth = Auth(Arc::new(Inner {
            store,
            config: self.config,
            keys: CurrentKeys::new(keys),
            hasher,
            metrics,
            refusals: Refusals::default(),
            receipts: Receipts::default(),
            clock: self.clock,
            rng: self.rng,
            mailer: OnceLock::new(),
            mail_queued: Notify::new(),
            clock_offset: AtomicI64::new(0),
            upkeep: Upkeep::default(),
            last_count: LastCount::default(),
            events: self.events,
            claims: self.claims,
            captcha: self.captcha,
            #[cfg(feature = "oidc")]
            providers,
        }));
        auth.follow_store_clock().await?;
        if let Some(legacy) = &auth.0.config.legacy_tokens {
            legacy.validate(auth.now())?;
            if legacy.key.expose().len() < 32 {
                tracing::warn!(event = "weak_legacy_key", "legacy.jwt_key has fewer than 32 bytes");
            }
        }
        let keys = auth.keys();
        if self.only_looks {
            auth.unknown_root_secrets(&keys.ring).await?;
        } else {
            auth.record_root_secrets(&keys.ring).await?;
        }
        auth.refuse_retired_secret(&keys.ring).await?;
        Ok(auth)
    }
}

impl Auth {
    /// Begins an [`Auth`] over this store, these root secrets and policies.
    pub fn builder(store: impl Store, keys: KeyRing, config: Config) -> AuthBuilder {
        Self::builder_shared(Arc::new(store), keys, config)
    }

    /// The same over a store that the caller shares, or whose type is known at
    /// run time only.
    pub fn builder_shared(store: Arc<dyn Store>, keys: KeyRing, config: Config) -> AuthBuilder {
        AuthBuilder {
            store,
            keys,
            config,
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            events: None,
            claims: None,
            captcha: None,
            metrics: None,
            only_looks: false,
            #[cfg(feature = "oidc")]
            http: None,
        }
    }
}
