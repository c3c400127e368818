//! Who may administer.

use crate::auth::Auth;
use crate::flows::Current;
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
        let (policy, session) = (self.0.config.admin, &current.session);
        if current.user.role != Role::Admin {
            return Err(AdminAccessError::Forbidden);
        }
        // RFC 8176: `mfa` stands for more than one factor, whichever they were.
        if policy.require_mfa && !session.amr.iter().any(|method| method == "mfa") {
            return Err(AdminAccessError::MfaRequired);
        }
        let is_recent = policy.reauthentication.is_zero()
            || self.now().since(session.auth_time) <= policy.reauthentication;
        if access == AdminAccess::Write && !is_recent {
            return Err(AdminAccessError::ReauthenticationRequired);
        }
        Ok(current.client.origin(Actor::Admin, current.user.id.as_str()))
    }
}
