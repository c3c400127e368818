//! The second factor.

use serde::{Deserialize, Serialize};

use super::ids::FactorId;
use crate::clock::Timestamp;

/// A TOTP secret as the store keeps it: sealed, bound to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// Which enrolment this is.
    pub factor_id: FactorId,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it was enrolled.
    pub created_at: Timestamp,
}

/// A user's authenticator: the confirmed secret, the one that waits for its
/// first code, or both while one replaces the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    /// The secret that sign-in asks for.
    pub confirmed: Option<SealedSecret>,
    /// The secret that waits for its first code.
    pub pending: Option<SealedSecret>,
    /// The last time step a code was accepted for; only later ones count (RFC 6238, 5.2).
    pub last_step: i64,
}

impl Totp {
    /// Whether sign-in asks for it.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed.is_some()
    }
}
