//! Why a request is not served at all, and why there is nothing to serve it with.

use std::time::Duration;

use crate::config::ConfigError;
use crate::jwt::JwtKeyError;
use crate::password::{HashError, HasherConfigError};
use crate::store::StoreError;

/// Why a request was not served at all, whatever it asked for.
#[derive(Debug, thiserror::Error)]
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
    /// The application's [`Captcha`](crate::captcha::Captcha) asks for a proof, and
    /// none came.
    #[error("a captcha is required")]
    CaptchaRequired,
    /// The proof that came is wrong, old, or was used before.
    #[error("the captcha is not accepted")]
    CaptchaFailed,
    /// The store did not answer, or not in time; or the application did not, which
    /// was asked for its claims or its captcha. The source says which.
    #[error("the service is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The host, whose own rows were to be written in the same commit, refused;
    /// nothing was written.
    #[error("the host's commit hook refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something that cannot be. The text is for the log.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::Failed(text) => Self::Internal(text),
            StoreError::Refused(why) => Self::Refused(why),
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

/// Why an [`Auth`](crate::Auth) could not be built.
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
        "secret: this store was used with another root secret (key id {known}); start with that one, or give it \
         beside the new one as `verify:…` (in code: with RootState::Verify)"
    )]
    ForeignSecret {
        /// The key ids that the store knows.
        known: String,
    },
    /// A root secret is gone while something is sealed under it.
    #[error(
        "secret: second factors are sealed under the root secret with key id {id}, which is not given any more; \
         give it again beside the new one as `verify:…` (or `unseal-only:…` where it may have leaked: that signs \
         people out), and run `usermgmt-server keys reseal` (in code: with RootState::Verify or \
         RootState::UnsealOnly, and Auth::reseal)"
    )]
    RetiredSecret {
        /// Its key id.
        id: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
