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
    /// The person confirmed the address that they came with.
    Confirmed {
        /// Who.
        id: &'a UserId,
    },
    /// The person is gone: deleted, or not confirmed in time, or it was not them.
    Deleted {
        /// Who.
        id: &'a UserId,
    },
}

impl Changes {
    /// What they mean for people, in the order to run them.
    pub fn of_users(&self) -> Vec<UserChange<'_>> {
        self.list().iter().filter_map(of_user).collect()
    }
}

fn of_user(change: &Change) -> Option<UserChange<'_>> {
    match change {
        Change::InsertUser { user, .. } => Some(UserChange::Created(user)),
        // With another address it is a change of address.
        Change::UpdateUser { id, set, .. } => {
            let confirms = set.email_confirmed_at.flatten().is_some() && set.email.is_none();
            confirms.then_some(UserChange::Confirmed { id })
        }
        Change::DeleteUser { id, .. } => Some(UserChange::Deleted { id }),
        _ => None,
    }
}
