//! Asking for more than a session.

use std::time::Duration;

use super::authenticate::Current;
use crate::auth::Auth;

/// How lately, and by how many factors, somebody must have proved who they are
/// before a host does what it should not do for a browser that was left open
/// (RFC 9470; OWASP ASVS 7.5.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct StepUp {
    within: Option<Duration>,
    second_factor: bool,
}

impl StepUp {
    /// Nothing more than a session yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// They must have signed in, or proved it again, within this time.
    pub fn within(self, time: Duration) -> Self {
        Self { within: Some(time), ..self }
    }

    /// It must have been by more than one factor.
    pub fn second_factor(self) -> Self {
        Self { second_factor: true, ..self }
    }
}

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepUpError {
    /// A sign-in with a second factor.
    #[error("this needs a sign-in with a second factor")]
    SecondFactor,
    /// A sign-in that is not so long ago.
    #[error("this needs a recent sign-in")]
    TooLongAgo,
}

impl Auth {
    /// Whether this session is proof enough for what is about to be done.
    ///
    /// ```
    /// use std::time::Duration;
    /// use usermgmt_core::Auth;
    /// use usermgmt_core::flows::{Current, StepUp, StepUpError};
    ///
    /// fn pay_out(auth: &Auth, current: &Current) -> Result<(), StepUpError> {
    ///     let lately = StepUp::new().within(Duration::from_secs(300)).second_factor();
    ///     auth.require(current, lately)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`StepUpError`]: signing in again mends it.
    pub fn require(&self, current: &Current, proof: StepUp) -> Result<(), StepUpError> {
        let session = &current.session;
        // RFC 8176: `mfa` stands for more than one factor, whichever they were.
        if proof.second_factor && !session.amr.iter().any(|method| method == "mfa") {
            return Err(StepUpError::SecondFactor);
        }
        let age = self.now().since(session.auth_time);
        match proof.within {
            Some(within) if age > within => Err(StepUpError::TooLongAgo),
            _ => Ok(()),
        }
    }
}
