//! Passkeys (WebAuthn Level 3): public keys whose private halves are people's.

use serde::{Deserialize, Serialize};

use super::ids::{PasskeyId, UserId};
use crate::clock::Timestamp;

/// How many passkeys a user can have.
pub const MAX_PASSKEYS: usize = 20;

/// A passkey. Nothing of it is secret: it is what verifies a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Follows from the authenticator's id of it, so that no two accounts have one
    /// passkey.
    pub id: PasskeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// Under which name the authenticator knows the user: a random UUID that all
    /// passkeys of a user have in common, and nothing else.
    pub handle: String,
    /// What its owner calls it.
    pub name: String,
    /// The public key with what was said of it when it was added, as JSON. Its
    /// counter and its backup state are those of then: the fields below go on.
    pub credential: String,
    /// How often it has signed, by its own account; always 0 where it does not count.
    pub counter: i64,
    /// Whether there is a copy elsewhere, so that losing one device does not lose it.
    pub backed_up: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub last_used_at: Option<Timestamp>,
}
