//! Why something about the second factor was refused.

use crate::auth::ServiceError;
use crate::flows::reauthenticate::{ReauthenticateFailure, ReauthenticationError};

/// Why something about the second factor was refused.
#[derive(Debug, thiserror::Error)]
pub enum MfaError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The second factor is not on (or, where a first code is given, none waits for it).
    #[error("the second factor is not on")]
    NotEnabled,
    /// Not the code: wrong, of another time, or accepted before.
    #[error("the code is invalid")]
    InvalidCode,
    /// A factor is confirmed already: whoever replaces it shows one of its codes.
    #[error("a code of the present second factor is needed")]
    CodeRequired,
    /// It needs a recent sign-in or the current password.
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<ReauthenticateFailure> for MfaError {
    fn from(failure: ReauthenticateFailure) -> Self {
        match failure {
            ReauthenticateFailure::Refused(refused) => Self::Reauthentication(refused),
            ReauthenticateFailure::Service(service_error) => Self::Service(service_error),
        }
    }
}
