//! Who somebody is to a provider that signs them in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{IdentityId, UserId};
use crate::clock::Timestamp;

/// The longest issuer, in bytes.
pub const MAX_ISSUER: usize = 255;
/// The longest subject, in bytes (OpenID Connect Core 1.0, 2).
pub const MAX_SUBJECT: usize = 255;

/// A user's identity at a provider. What it is known by is issuer and subject,
/// which never change hands; an address does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What the user's own list names it by.
    pub id: IdentityId,
    /// Whose it is.
    pub user_id: UserId,
    /// Who says so: the provider's issuer. At most [`MAX_ISSUER`] bytes.
    pub issuer: String,
    /// Who they are to the issuer. At most [`MAX_SUBJECT`] bytes.
    pub subject: String,
    /// The name that the settings give the provider.
    pub provider: String,
    /// The address that the provider named when the identity was linked, to be
    /// shown to its owner. Nothing is decided by it.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub last_used_at: Option<Timestamp>,
}

/// Without who they are to the provider, and their address there.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("provider", &self.provider)
            .field("created_at", &self.created_at)
            .field("last_used_at", &self.last_used_at)
            .finish_non_exhaustive()
    }
}
