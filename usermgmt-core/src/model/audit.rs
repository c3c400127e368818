//! What happened to an account: ids and names of fields, never values.

use serde::{Deserialize, Serialize};

use super::ids::{AuditId, UserId};
use crate::clock::Timestamp;

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Sorts by time.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// To whom. It stays when the user is deleted: by then it leads to nobody.
    pub user_id: Option<UserId>,
    /// What, such as `user.registered`.
    pub action: String,
    /// Names of the fields that changed, or other words that hold nothing personal.
    pub detail: Vec<String>,
}
