//! One action on many accounts.

use std::collections::HashSet;

use super::AdminError;
use crate::auth::Auth;
use crate::model::audit::Origin;
use crate::model::ids::UserId;

/// What can be done to many accounts at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// [`Auth::disable_user`].
    Disable,
    /// [`Auth::enable_user`].
    Enable,
    /// [`Auth::confirm_user`].
    Confirm,
    /// [`Auth::sign_out_user`].
    SignOut,
    /// [`Auth::remove_user`].
    Delete,
}

/// What came of it.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BulkOutcome {
    /// To whom it was done, in the order in which they were named.
    pub done: Vec<UserId>,
    /// To whom it was not.
    pub failed: Vec<(UserId, AdminError)>,
}

impl Auth {
    /// Does the same to each of these accounts, one after another, each in a
    /// commit of its own with an audit entry of its own. One named twice counts once.
    pub async fn bulk(&self, by: &Origin, action: BulkAction, ids: &[UserId]) -> BulkOutcome {
        let mut outcome = BulkOutcome::default();
        let mut seen = HashSet::new();
        for id in ids.iter().filter(|id| seen.insert(*id)) {
            let done = match action {
                BulkAction::Disable => self.disable_user(by, id).await.map(drop),
                BulkAction::Enable => self.enable_user(by, id).await.map(drop),
                BulkAction::Confirm => self.confirm_user(by, id).await.map(drop),
                BulkAction::SignOut => self.sign_out_user(by, id).await.map(drop),
                BulkAction::Delete => self.remove_user(by, id).await,
            };
            match done {
                Ok(()) => outcome.done.push(id.clone()),
                Err(error) => outcome.failed.push((id.clone(), error)),
            }
        }
        outcome
    }
}
