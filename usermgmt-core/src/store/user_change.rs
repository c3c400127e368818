//! What a list of changes means for people.

use super::change::{Change, Changes};
use crate::model::ids::UserId;
use crate::model::user::User;

/// What happens to a person in a commit, for a host that keeps rows of its own
/// about them. Whichever way it comes about: by the person, a service, an
/// operator, or because a time ran out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum UserChange<'a> {
    /// The person is new: registered, created by a service, or imported.
    Created(&'a User),
    /// The person's address counts as confirmed for the first time: by the person, or
    /// by an administrator who may have set another one.
    Confirmed {
        /// The person's id.
        id: &'a UserId,
    },
    /// The person is gone: deleted, or not confirmed in time, or it was not them.
    Deleted {
        /// The person's id.
        id: &'a UserId,
    },
}

impl Changes {
    /// What they mean for people, in the order to run them.
    pub fn of_users(&self) -> Vec<UserChange<'_>> {
        self.list().iter().filter_map(UserChange::of).collect()
    }
}

impl<'a> UserChange<'a> {
    pub(crate) fn of(change: &'a Change) -> Option<Self> {
        match change {
            Change::InsertUser { user, .. } => Some(Self::Created(user)),
            // With another address it is a change of address, unless the person still had a
            // limit for confirming one.
            Change::UpdateUser { id, set, .. } => {
                let is_first = set.email.is_none() || set.unconfirmed_until == Some(None);
                let confirms = set.email_confirmed_at.flatten().is_some() && is_first;
                confirms.then_some(Self::Confirmed { id })
            }
            Change::DeleteUser { id, .. } => Some(Self::Deleted { id }),
            _ => None,
        }
    }
}
