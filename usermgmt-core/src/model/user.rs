//! A person's account.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::factor::Totp;
use super::identifier::{Email, Username};
use super::ids::UserId;
use crate::clock::Timestamp;
use crate::secret::Redacted;

/// What a user may do beyond their own account.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Their own account and nothing else.
    #[default]
    User,
    /// Everybody's.
    Admin,
}

impl Role {
    /// The name under which it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Reads the stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "user" => Some(Self::User),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

/// A user, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Opaque and permanent.
    pub id: UserId,
    /// The public name.
    pub username: Username,
    /// The address that signs in and receives mail.
    pub email: Email,
    /// When the address was confirmed; `None` until then.
    pub email_confirmed_at: Option<Timestamp>,
    /// When an account that never confirmed its address ceases to exist.
    pub unconfirmed_until: Option<Timestamp>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// As the person or the calling service wrote it.
    pub gender: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The language of their mails (BCP 47), where known.
    pub locale: Option<String>,
    /// When an operator disabled the account; `None` while it is enabled.
    pub disabled_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Raised by every change that must end what was decided before it: of
    /// password, address, factor or role, and by disable, delete and sign-out
    /// of all sessions. What depends on an earlier read names the epoch it saw.
    pub epoch: i64,
}

impl User {
    /// Whether another registration of the address puts its password in doubt:
    /// nobody has confirmed it, and no service vouches for it.
    pub(crate) fn is_contestable(&self) -> bool {
        !self.is_email_confirmed() && self.unconfirmed_until.is_some()
    }

    /// Whether a passkey of the account may be of somebody who never showed that the
    /// address is theirs. Where an administrator sets another address its owner's stay:
    /// whoever reads that mailbox may not be the owner.
    pub(crate) fn may_have_strangers_passkeys(&self) -> bool {
        self.is_contestable() || (!self.is_email_confirmed() && self.is_as_imported())
    }

    /// The epoch of an account that was imported, until something raises it: new
    /// accounts begin at zero.
    pub const IMPORTED_EPOCH: i64 = -1;

    /// Whether the account was imported, and since then nothing has ended what was
    /// decided before: no change of password, address, factor or role, no disable,
    /// no sign-out of all sessions.
    pub fn is_as_imported(&self) -> bool {
        self.epoch == Self::IMPORTED_EPOCH
    }

    /// Whether the address is confirmed.
    pub fn is_email_confirmed(&self) -> bool {
        self.email_confirmed_at.is_some()
    }

    /// Whether the user may have sessions: address confirmed and not disabled.
    pub fn is_active(&self) -> bool {
        self.is_email_confirmed() && self.disabled_at.is_none()
    }
}

/// A password as the store keeps it: a PHC string, or a legacy format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Redacted<String>);

impl PasswordHash {
    /// Takes a hash as it is stored.
    pub fn from_stored(text: String) -> Self {
        Self(Redacted::new(text))
    }

    /// The text to store or to verify against.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// For stores that keep rows as documents: the hash itself, not redacted.
impl Serialize for PasswordHash {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for PasswordHash {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::from_stored)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

/// A user with what proves who they are: one read, for the flows that decide on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The password; `None` where none stands.
    pub password: Option<PasswordHash>,
    /// The second factor: confirmed, pending or both.
    pub totp: Option<Totp>,
}

impl Account {
    /// Whether there is an authenticator app that is confirmed. Passkeys, which are
    /// second factors too, are no part of an account.
    pub fn mfa_enabled(&self) -> bool {
        self.totp.as_ref().is_some_and(Totp::is_confirmed)
    }
}
