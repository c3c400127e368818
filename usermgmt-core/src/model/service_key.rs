//! Keys with which a team's other services ask about users.

use serde::{Deserialize, Serialize};

use super::ids::ServiceKeyId;
use crate::clock::Timestamp;

/// A service key's row: the key itself is shown once and kept only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Its public part.
    pub id: ServiceKeyId,
    /// What the operator calls it.
    pub name: String,
    /// SHA-256 of the key, in base64url. The key has 256 random bits, so a fast hash is enough.
    pub hash: String,
    /// Whether it may create and change admins.
    pub allow_admin: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to within an hour.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
