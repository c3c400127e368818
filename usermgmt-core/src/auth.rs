//! The facade that a team embeds.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::admission::Refusals;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::config::{Config, ConfigError};
use crate::jwt::{Jwt, JwtKeyError};
use crate::keys::{KeyId, KeyRing};
use crate::model::ids::{AuditId, UserId};
use crate::model::user::User;
use crate::model::{audit::AuditEntry, session::Session};
use crate::password::{HashError, HasherConfigError, PasswordHasher};
use crate::rng::{OsRng, SecureRng};
use crate::secret::Redacted;
use crate::store::{Change, Changes, Guard, Store, StoreError};

/// User accounts over a store: every operation there is, for cheap cloning.
///
/// The operations are methods, one family a file under `flows`.
#[derive(Clone)]
pub struct Auth(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: Config,
    pub(crate) keys: KeyRing,
    pub(crate) jwt: Jwt,
    pub(crate) hasher: PasswordHasher,
    pub(crate) refusals: Refusals,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn SecureRng>,
    /// Rung when a commit queued mail.
    pub(crate) mail_queued: Notify,
    /// How far this process's clock is behind the store's, in milliseconds.
    pub(crate) clock_offset: AtomicI64,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("store", &self.0.store)
            .field("keys", &self.0.keys)
            .finish_non_exhaustive()
    }
}

/// What a request came from. Nothing here is trusted; it is shown to the
/// user, counted, and compared with earlier sign-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The client's address. Where it is not known no limit counts by it.
    pub address: Option<IpAddr>,
    /// Whether a service asks for many people from this address: then no limit
    /// counts by the address alone, which would turn one of them away for what
    /// the others did.
    pub is_service: bool,
    /// What it says it is. Cut to 255 characters.
    pub user_agent: Option<String>,
    /// The language it prefers (BCP 47).
    pub locale: Option<String>,
}

impl Client {
    /// The name of the client for limits: the address, or its /64 for IPv6,
    /// which is what one customer has.
    pub(crate) fn network(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => String::new(),
            Some(IpAddr::V4(v4)) => v4.to_string(),
            Some(IpAddr::V6(v6)) => format!("{:x?}", &v6.segments()[..4]),
        }
    }

    /// The user agent as it is kept and shown.
    pub(crate) fn shown_agent(&self) -> Option<String> {
        let agent = self.user_agent.as_deref()?;
        let shown: String = agent.chars().filter(|c| !c.is_control()).take(255).collect();
        (!shown.trim().is_empty()).then_some(shown)
    }
}

/// Why a request was not served at all, whatever it asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Too many attempts.
    #[error("too many attempts")]
    RateLimited {
        /// When the next one may be made.
        retry_after: Duration,
    },
    /// More passwords to hash than there is room for.
    #[error("the server is overloaded")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store did not answer, or not in time.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something that cannot be. The text is for the log.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::Failed(text) => Self::Internal(text),
            // Others would have changed the same row again and again in between.
            StoreError::Conflict(guard) => {
                Self::Unavailable(format!("contention on {guard:?}").into())
            }
        }
    }
}

impl From<HashError> for ServiceError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded { retry_after } => Self::Overloaded { retry_after },
            other => Self::Internal(other.to_string()),
        }
    }
}

/// Why an [`Auth`] could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A policy cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The hasher's settings cannot be.
    #[error(transparent)]
    Hasher(#[from] HasherConfigError),
    /// The signing key cannot be used.
    #[error("jwt: {0}")]
    Jwt(#[from] JwtKeyError),
    /// The store was used with other root secrets.
    #[error(
        "secret: this store was used with another root secret (key id {known}); start with that one, or give it as a \
         previous secret beside the new one"
    )]
    ForeignSecret {
        /// The key ids that the store knows.
        known: String,
    },
    /// A root secret is gone while something is sealed under it.
    #[error(
        "secret: second factors are sealed under the root secret with key id {id}, which is not given any more; \
         give it again as one that only unseals"
    )]
    RetiredSecret {
        /// Its key id.
        id: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts an [`Auth`] together.
#[derive(Debug)]
pub struct AuthBuilder {
    store: Arc<dyn Store>,
    keys: KeyRing,
    config: Config,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn SecureRng>,
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

    /// Checks the policies and that the store was not used with other root
    /// secrets, and starts the hashing threads.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that is wrong.
    pub async fn build(self) -> Result<Auth, BuildError> {
        self.config.validate()?;
        let jwt = Jwt::new(&self.keys, &self.config.jwt, self.config.access_token_ttl)?;
        let hasher = PasswordHasher::new(self.config.hasher.clone(), Arc::clone(&self.rng))?;
        let auth = Auth(Arc::new(Inner {
            store: self.store,
            config: self.config,
            keys: self.keys,
            jwt,
            hasher,
            refusals: Refusals::default(),
            clock: self.clock,
            rng: self.rng,
            mail_queued: Notify::new(),
            clock_offset: AtomicI64::new(0),
        }));
        auth.follow_store_clock().await?;
        auth.record_root_secrets().await?;
        auth.refuse_retired_secret().await?;
        Ok(auth)
    }
}

impl Auth {
    /// Begins an [`Auth`] over this store, these root secrets and policies.
    pub fn builder(store: Arc<dyn Store>, keys: KeyRing, config: Config) -> AuthBuilder {
        AuthBuilder { store, keys, config, clock: Arc::new(SystemClock), rng: Arc::new(OsRng) }
    }

    /// The policies.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The public keys that access tokens are verified with, as a JWK set (RFC 7517, 5).
    pub fn jwks(&self) -> serde_json::Value {
        self.0.jwt.jwks()
    }

    /// The present: the injected clock, corrected by how far it was off the
    /// store's when that was last asked.
    pub fn now(&self) -> Timestamp {
        let offset = self.0.clock_offset.load(Ordering::Relaxed);
        Timestamp::from_millis(self.0.clock.now().as_millis().saturating_add(offset))
    }

    /// Whether requests can be served: the store answers, its schema is the right
    /// one, and the two clocks are not more than a minute apart.
    ///
    /// # Errors
    /// [`StoreError`] says what is wrong.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.read_store(self.0.store.ping()).await?;
        let offset = self.0.clock_offset.load(Ordering::Relaxed);
        if offset.unsigned_abs() > MAX_CLOCK_OFFSET.as_millis() as u64 {
            return Err(StoreError::Failed(format!(
                "this machine's clock is {offset} ms behind the store's (negative: ahead); set it right"
            )));
        }
        Ok(())
    }

    /// Asks the store for its clock, which all processes that share it follow.
    pub(crate) async fn follow_store_clock(&self) -> Result<(), StoreError> {
        let asked = self.0.clock.now();
        let Some(store) = self.read_store(self.0.store.clock()).await? else { return Ok(()) };
        let answered = self.0.clock.now();
        // The store read its clock about half-way between question and answer.
        let half = answered.since(asked) / 2;
        let offset = store.as_millis().saturating_sub((asked + half).as_millis());
        self.0.clock_offset.store(offset, Ordering::Relaxed);
        if offset.unsigned_abs() > MAX_CLOCK_OFFSET.as_millis() as u64 {
            tracing::error!(offset_ms = offset, "this machine's clock is far off the store's");
        }
        Ok(())
    }

    /// A second process that starts with a secret of its own would hand out
    /// tokens that the first refuses: the store knows the secrets it was used with.
    async fn record_root_secrets(&self) -> Result<(), BuildError> {
        // Only one of two processes that start on an empty store gets the anchor in.
        const ANCHOR: &str = "first";
        for _ in 0..ATTEMPTS {
            let known = self.read_store(self.0.store.root_keys()).await?;
            let is_known = |id: &str, fingerprint: &str| {
                known.iter().any(|(k, f)| k == id && f == fingerprint)
            };
            let mut list = Vec::new();
            let now = self.now();
            let record = |id: String, fingerprint: String| Change::InsertRootKey {
                id,
                fingerprint,
                at: now,
            };
            if known.is_empty() {
                list.push(record(ANCHOR.to_owned(), String::new()));
            } else if !self
                .0
                .keys
                .roots()
                .iter()
                .any(|root| is_known(&root.id.to_string(), &root.fingerprint))
            {
                let ids: Vec<&str> =
                    known.iter().map(|(id, _)| id.as_str()).filter(|id| *id != ANCHOR).collect();
                return Err(BuildError::ForeignSecret { known: ids.join(", ") });
            }
            for root in self.0.keys.roots() {
                if !is_known(&root.id.to_string(), &root.fingerprint) {
                    list.push(record(root.id.to_string(), root.fingerprint.clone()));
                }
            }
            if list.is_empty() {
                return Ok(());
            }
            let changes = Changes::new(list, now, &*self.0.rng);
            match self.read_store(self.0.store.apply(&changes)).await {
                Err(StoreError::Conflict(Guard::Exists)) => {}
                other => return Ok(other?),
            }
        }
        // Another secret has the same key id, which takes some billions of secrets.
        Err(StoreError::Conflict(Guard::Exists).into())
    }

    /// Whoever has a second factor that does not open any more could not sign in.
    async fn refuse_retired_secret(&self) -> Result<(), BuildError> {
        for (id, _) in self.read_store(self.0.store.root_keys()).await? {
            // The anchor is none.
            let Some(key) = KeyId::parse(&id) else { continue };
            let is_given = self.0.keys.roots().iter().any(|root| root.id == key);
            // It may read much, and nobody waits for an answer yet.
            if !is_given && self.0.store.has_factors_sealed_under(key).await? {
                return Err(BuildError::RetiredSecret { id });
            }
        }
        Ok(())
    }

    /// Asks the store, and gives up when it does not answer in time.
    pub(crate) async fn read_store<T>(
        &self,
        ask: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.0.config.store_timeout, ask).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(StoreError::unavailable(elapsed)),
        }
    }

    pub(crate) async fn read<T>(
        &self,
        ask: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, ServiceError> {
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

    pub(crate) async fn commit_prepared(
        &self,
        changes: &Changes,
    ) -> Result<Result<(), Guard>, ServiceError> {
        match self.read_store(self.0.store.apply(changes)).await {
            Ok(()) => {
                if changes.has_mail() {
                    self.0.mail_queued.notify_one();
                }
                Ok(Ok(()))
            }
            Err(StoreError::Conflict(guard)) => Ok(Err(guard)),
            Err(other) => Err(other.into()),
        }
    }

    pub(crate) fn audit(
        &self,
        user: &UserId,
        action: &str,
        detail: &[&str],
        now: Timestamp,
    ) -> Change {
        Change::InsertAudit(AuditEntry {
            id: AuditId::generate(now, &*self.0.rng),
            at: now,
            user_id: Some(user.clone()),
            action: action.to_owned(),
            detail: detail.iter().map(|&word| word.to_owned()).collect(),
        })
    }

    /// The tokens of a session's present generation.
    pub(crate) fn tokens(
        &self,
        user: &User,
        session: &Session,
        now: Timestamp,
    ) -> Result<Tokens, ServiceError> {
        let access =
            self.0.jwt.issue(user, session, now, &*self.0.rng).map_err(ServiceError::Internal)?;
        Ok(Tokens {
            access_token: access,
            refresh_token: crate::token::refresh(&self.0.keys, session.id, session.generation),
            expires_in: self.0.jwt.ttl(),
        })
    }
}

/// How far this machine's clock may be off the store's before it takes no requests.
const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(60);

/// How often a flow reads and decides again before it says that it cannot.
pub(crate) const ATTEMPTS: usize = 64;

pub(crate) fn contention() -> ServiceError {
    ServiceError::Unavailable("the same rows were changed again and again".into())
}

/// What a client gets to go on with (RFC 6749, 5.1).
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: Redacted<String>,
    /// The refresh token.
    pub refresh_token: Redacted<String>,
    /// How long the access token is good.
    pub expires_in: Duration,
}
