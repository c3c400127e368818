//! Who may administer.

use crate::auth::Auth;
use crate::flows::{Current, StepUp, StepUpError};
use crate::model::audit::{Actor, Origin};
use crate::model::user::Role;

/// What an administrator is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAccess {
    /// Look.
    Read,
    /// Change something.
    Write,
}

/// Why somebody may not administer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminAccessError {
    /// No administrator.
    #[error("only an administrator may do this")]
    Forbidden,
    /// The session has no second factor.
    #[error("this needs a sign-in with a second factor")]
    MfaRequired,
    /// The sign-in is too long ago.
    #[error("this needs a recent sign-in")]
    ReauthenticationRequired,
}

impl From<StepUpError> for AdminAccessError {
    fn from(missing: StepUpError) -> Self {
        match missing {
            StepUpError::SecondFactor => Self::MfaRequired,
            StepUpError::TooLongAgo => Self::ReauthenticationRequired,
        }
    }
}

impl Auth {
    /// Makes sure that whoever asks may administer, as
    /// [`AdminPolicy`](crate::config::AdminPolicy) has it, and says who it is for
    /// the audit log.
    ///
    /// # Errors
    /// [`AdminAccessError`].
    pub fn administrator(
        &self,
        current: &Current,
        access: AdminAccess,
    ) -> Result<Origin, AdminAccessError> {
        let policy = self.0.config.admin;
        if current.user.role != Role::Admin {
            return Err(AdminAccessError::Forbidden);
        }
        let mut proof = StepUp::new();
        if policy.require_mfa {
            proof = proof.second_factor();
        }
        if access == AdminAccess::Write && !policy.reauthentication.is_zero() {
            proof = proof.within(policy.reauthentication);
        }
        self.require(current, proof)?;
        Ok(current.client.origin(Actor::Admin, current.user.id.as_str()))
    }
}
