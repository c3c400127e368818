//! The audit log, filtered.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::ids::{AuditId, UserId};

/// Which entries. `None` asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// About whom.
    pub user: Option<UserId>,
    /// By whom: the id of a user or of a service key. Operators and the server itself
    /// have none, and are not found by it.
    pub actor: Option<String>,
    /// Of what, such as `user.registered`.
    pub action: Option<String>,
    /// Then or later.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    /// Whether the entry is among them.
    pub fn admits(&self, entry: &AuditEntry) -> bool {
        (self.user.is_none() || self.user == entry.user_id)
            && (self.actor.is_none() || self.actor == entry.origin.actor_id)
            && self.action.as_ref().is_none_or(|action| *action == entry.action)
            && self.from.is_none_or(|from| from <= entry.at)
            && self.to.is_none_or(|to| entry.at < to)
    }
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuditPosition {
    /// When it was written.
    pub at: Timestamp,
    /// Which of that moment.
    pub id: AuditId,
}

impl AuditPosition {
    /// The entry's.
    pub fn of(entry: &AuditEntry) -> Self {
        Self { at: entry.at, id: entry.id.clone() }
    }
}
