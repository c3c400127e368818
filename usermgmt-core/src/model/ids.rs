//! A type for every identifier.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::rng::{SecureRng, random};

/// A text that is not an identifier of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid identifier")]
pub struct InvalidId;

/// A user's id: an opaque string of at most 36 printable ASCII characters. New
/// users get a UUIDv7 (RFC 9562); imported ones keep what they had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

impl UserId {
    /// A new id: a UUIDv7, so that ids sort by time of creation.
    pub fn generate(now: Timestamp, rng: &dyn SecureRng) -> Self {
        Self(uuid_v7(now, rng))
    }

    /// The id as it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let valid = (1..=36).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        valid.then(|| Self(text.to_owned())).ok_or(InvalidId)
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A passkey: the SHA-256 of the id that its authenticator gave it (base64url, 43
/// characters). That id has up to 1023 bytes, which is longer than some databases'
/// keys can be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasskeyId(String);

impl PasskeyId {
    /// The one whose authenticator calls it so.
    pub fn of_credential(id: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(id)))
    }

    /// The id as it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PasskeyId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidId)?;
        (bytes.len() == 32).then(|| Self(text.to_owned())).ok_or(InvalidId)
    }
}

impl TryFrom<String> for PasskeyId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<PasskeyId> for String {
    fn from(id: PasskeyId) -> Self {
        id.0
    }
}

impl fmt::Display for PasskeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn uuid_v7(now: Timestamp, rng: &dyn SecureRng) -> String {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random(rng)).into_uuid().to_string()
}

macro_rules! time_ordered_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new UUIDv7 (RFC 9562).
            pub fn generate(now: Timestamp, rng: &dyn SecureRng) -> Self {
                Self(uuid_v7(now, rng))
            }

            /// The id as it is stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let id = uuid::Uuid::try_parse(text).map_err(|_| InvalidId)?;
                Ok(Self(id.to_string()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

time_ordered_id! {
    /// A mail waiting in the outbox.
    MailId;
    /// An entry of the audit log.
    AuditId;
    /// A service key's public part.
    ServiceKeyId;
    /// A second factor, so that a code of an earlier enrolment cannot count for a later one.
    FactorId;
    /// A user's identity at a provider, in the user's own list.
    IdentityId;
}

macro_rules! random_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// 128 random bits.
            pub fn generate(rng: &dyn SecureRng) -> Self {
                Self(random(rng))
            }

            /// From the bytes that a token carries.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The bytes, as a token carries them.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidId)?;
                bytes.try_into().map(Self).map_err(|_| InvalidId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

random_id! {
    /// A one-time token's row. The id alone is worth nothing: the token carries a MAC over it.
    TokenId;
    /// A session.
    SessionId;
    /// A device that a user has signed in from.
    DeviceId;
    /// A list of changes, so that a replay after a lost reply finds itself applied.
    CommitId;
    /// One worker's hold on a mail of the outbox.
    LeaseId;
}
