//! What one registration has worked out so far.

use crate::auth::{Attempt, Auth, LimitName, ServiceError};
use crate::model::user::PasswordHash;
use crate::password::Verdict;
use crate::secret::PlaintextPassword;

/// What one registration has worked out so far. Deciding again on changed data
/// must not hash again: racing registrations would multiply the work.
pub(super) struct Work {
    /// What the address was mailed for, this registration included.
    pub(super) mails: Attempt,
    hash: Option<PasswordHash>,
    verified: Option<(PasswordHash, bool)>,
    /// Whether one hash was computed, of whichever kind: every registration costs one.
    paid: bool,
}

impl Work {
    pub(super) fn new(mails: Attempt) -> Self {
        Self { mails, hash: None, verified: None, paid: false }
    }

    /// Whether the address was mailed too much already.
    pub(super) fn is_quiet(&self) -> bool {
        !self.mails.is_within(LimitName::RegisterMail)
    }

    pub(super) async fn hash(
        &mut self,
        auth: &Auth,
        password: &PlaintextPassword,
    ) -> Result<PasswordHash, ServiceError> {
        if let Some(hash) = &self.hash {
            return Ok(hash.clone());
        }
        self.paid = true;
        Ok(self.hash.insert(auth.0.hasher.hash(password).await?).clone())
    }

    pub(super) async fn verify(
        &mut self,
        auth: &Auth,
        password: &PlaintextPassword,
        stored: Option<&PasswordHash>,
    ) -> Result<bool, ServiceError> {
        if let (Some((against, same)), Some(stored)) = (&self.verified, stored)
            && against == stored
        {
            return Ok(*same);
        }
        if stored.is_none() && self.paid {
            return Ok(false);
        }
        self.paid = true;
        let same = auth.0.hasher.verify(password, stored).await? != Verdict::Wrong;
        self.verified = stored.map(|stored| (stored.clone(), same));
        Ok(same)
    }
}
