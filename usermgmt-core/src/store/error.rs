//! Why a store did not do what it was asked.

use crate::model::identifier::IdentifierKind;

/// The guard that kept a list of changes from being applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Guard {
    /// The user is gone, not active, or has another epoch than was read.
    User,
    /// Somebody has this address or name.
    Taken(IdentifierKind),
    /// The address or name is not this user's.
    Identifier,
    /// The token is used, void, expired or gone, or has another code by now.
    Token,
    /// The session is gone, expired or has another generation.
    Session,
    /// The factor is not that one, or a code of that time step or a later one was accepted.
    Factor,
    /// Somebody has an identity of this issuer and subject, or it is not this user's.
    Identity,
    /// The recovery code is used or void.
    RecoveryCode,
    /// The passkey is gone, another user's, or has signed since it was read.
    Passkey,
    /// The service key is gone or revoked.
    ServiceKey,
    /// The mail is another worker's by now, or gone.
    Lease,
    /// Nobody else is an active administrator.
    LastAdmin,
    /// A row with this id exists.
    Exists,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A guard failed; nothing was written. The flow reads again and decides again.
    #[error("the data changed in between: {0:?}")]
    Conflict(Guard),
    /// The database did not answer, or not in time.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database answered with something that cannot be.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The host, whose own rows were to be written in the same commit, refused;
    /// nothing was written.
    #[error("the host's commit hook refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// The database did not answer.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }

    /// The guard that failed, where one did.
    pub fn guard(&self) -> Option<Guard> {
        match self {
            Self::Conflict(guard) => Some(*guard),
            _ => None,
        }
    }
}
