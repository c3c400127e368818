//! Passwords: how they are hashed, verified and judged.
//!
//! [`PasswordHasher`] computes Argon2id (RFC 9106) on threads of its own, so
//! that a storm of sign-ins neither grows memory nor takes the threads that
//! serve everything else. [`PasswordPolicy`] says which passwords may be set.
//!
//! Text is normalised to NFKC before Argon2id sees it (NIST SP 800-63B-4,
//! 3.1.1.2): the same password typed on two keyboards may arrive composed on
//! one and decomposed on the other. What other programs hashed they hashed as it
//! was typed, or normalised: a password is tried in both forms.

mod argon2id;
mod bounds;
mod config;
mod engine;
mod format;
mod legacy;
mod nfkc;
mod parse;
mod policy;
mod pool;
mod stored;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

pub use config::{HasherConfig, HasherConfigError};
pub use format::PasswordFormat;
pub use policy::{
    BreachCheck, MAX_LENGTH, MIN_LENGTH, PasswordPolicy, PasswordProblem, PasswordRefusal,
    PasswordRule,
};
pub use verdict::Verdict;

use crate::metrics::{Counted, Metrics, NoMetrics};
use crate::model::user::PasswordHash;
use crate::rng::SecureRng;
use crate::secret::PlaintextPassword;
use engine::{Engine, Job};
use pool::Pool;
use stored::Stored;

/// How soon it is worth trying again when the queue is full: with the default
/// settings a full queue is worked off in about this time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a password was neither hashed nor verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The queue is full. Nothing was computed.
    #[error("too many passwords are being verified at the moment")]
    Overloaded {
        /// When another try is worth it.
        retry_after: Duration,
    },
    /// The thread that had the work gave up on it.
    #[error("password hashing stopped before it had an answer")]
    Stopped,
}

/// Hashes and verifies passwords on a bounded pool of threads. Clones share
/// the pool; its threads end when the last clone is dropped.
///
/// ```
/// # use std::sync::Arc;
/// # use usermgmt_core::password::{HasherConfig, PasswordHasher, Verdict};
/// # use usermgmt_core::rng::OsRng;
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = PasswordHasher::new(HasherConfig::default(), Arc::new(OsRng))?;
/// let hash = hasher.hash(&"purple otter".into()).await?;
/// let verdict = hasher.verify(&"purple otter".into(), Some(&hash)).await?;
/// assert_eq!(verdict, Verdict::Right);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PasswordHasher {
    pool: Arc<Pool>,
    config: HasherConfig,
}

impl PasswordHasher {
    /// Starts the threads. Their memory is taken when they are first needed,
    /// then kept.
    ///
    /// # Errors
    /// [`HasherConfigError`] names the setting that cannot work, or says that
    /// the system gave no thread.
    pub fn new(config: HasherConfig, rng: Arc<dyn SecureRng>) -> Result<Self, HasherConfigError> {
        Self::with_metrics(config, rng, Arc::new(NoMetrics))
    }

    /// The same, and tells how long each password waited and took.
    ///
    /// # Errors
    /// As [`PasswordHasher::new`].
    pub fn with_metrics(
        config: HasherConfig,
        rng: Arc<dyn SecureRng>,
        metrics: Arc<dyn Metrics>,
    ) -> Result<Self, HasherConfigError> {
        let params = config.validate()?;
        let pool = Pool::start(config.workers, config.queue, metrics, || {
            Engine::new(params.clone(), Arc::clone(&rng))
        })
        .map_err(HasherConfigError::Thread)?;
        Ok(Self { pool: Arc::new(pool), config })
    }

    /// How many passwords wait for a thread now.
    pub fn waiting(&self) -> usize {
        self.pool.waiting()
    }

    /// Takes room for one password, so that a request for which there is none
    /// is refused before it has cost anything.
    ///
    /// # Errors
    /// [`HashError::Overloaded`] at once when all room is taken.
    pub fn reserve(&self) -> Result<Reserved, HashError> {
        let full = || {
            self.pool.metrics().count(Counted::Overloaded);
            HashError::Overloaded { retry_after: RETRY_AFTER }
        };
        let room = self.pool.reserve().ok_or_else(full)?;
        Ok(Reserved { hasher: self.clone(), room })
    }

    /// Hashes a password with the present parameters and a new salt, as a PHC
    /// string: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>`.
    ///
    /// # Errors
    /// [`HashError::Overloaded`] at once when the queue is full,
    /// [`HashError::Stopped`] when the work was given up.
    pub async fn hash(&self, password: &PlaintextPassword) -> Result<PasswordHash, HashError> {
        self.reserve()?.hash(password).await
    }

    /// Verifies a password against a stored hash.
    ///
    /// Where there is none, or none that can be verified (an unknown format,
    /// parameters beyond what is safe to compute), the work of one
    /// verification is done all the same and the answer is
    /// [`Verdict::Wrong`]: how long it takes does not tell whether an account
    /// exists.
    ///
    /// # Errors
    /// [`HashError::Overloaded`] at once when the queue is full,
    /// [`HashError::Stopped`] when the work was given up.
    pub async fn verify(
        &self,
        password: &PlaintextPassword,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError> {
        self.reserve()?.verify(password, hash).await
    }

    /// The name of a stored hash's algorithm or format; `None` where it could not
    /// be verified: an unknown format, or parameters beyond what is safe to compute.
    pub fn kind_of(&self, hash: &PasswordHash) -> Option<&'static str> {
        self.read(hash).map(|stored| stored.kind())
    }

    fn read(&self, hash: &PasswordHash) -> Option<Stored> {
        Stored::parse(hash.expose(), self.config.memory_kib, &self.config.formats)
    }
}

/// Room for one password to be hashed or verified. Dropped, it is free again.
pub struct Reserved {
    hasher: PasswordHasher,
    room: OwnedSemaphorePermit,
}

impl Reserved {
    /// [`PasswordHasher::hash`], in the room that was taken.
    ///
    /// # Errors
    /// [`HashError::Stopped`] when the work was given up.
    pub async fn hash(self, password: &PlaintextPassword) -> Result<PasswordHash, HashError> {
        let (reply, answer) = oneshot::channel();
        self.hasher.pool.submit(Job::hash(password.clone(), reply, self.room));
        answer.await.map_err(|_| HashError::Stopped)
    }

    /// [`PasswordHasher::verify`], in the room that was taken.
    ///
    /// # Errors
    /// [`HashError::Stopped`] when the work was given up.
    pub async fn verify(
        self,
        password: &PlaintextPassword,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError> {
        self.verify_and_keep(password, hash).await.map(|(verdict, _)| verdict)
    }

    /// The same, and the room is free for another job: a right password can be
    /// hashed again without a second place in the queue.
    ///
    /// # Errors
    /// [`HashError::Stopped`] when the work was given up.
    pub async fn verify_and_keep(
        self,
        password: &PlaintextPassword,
        hash: Option<&PasswordHash>,
    ) -> Result<(Verdict, Self), HashError> {
        let Self { hasher, room } = self;
        let own_kib = hasher.config.memory_kib;
        let stored = hash.and_then(|hash| hasher.read(hash));
        let (reply, answer) = oneshot::channel();
        hasher.pool.submit(Job::verify(password.clone(), stored, own_kib, reply, room));
        let (verdict, room) = answer.await.map_err(|_| HashError::Stopped)?;
        Ok((verdict, Self { hasher, room }))
    }
}

impl fmt::Debug for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserved").finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("config", &self.config).finish_non_exhaustive()
    }
}
