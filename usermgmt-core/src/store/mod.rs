//! What a store promises.
//!
//! Flows read what they need, decide in plain code and hand the store one list
//! of [`Change`]s that commits whole or not at all. Every change carries its own
//! guard, tested by the same write that makes the change; what a store has to
//! guarantee is therefore small, and the conformance suite (feature `testkit`)
//! tests all of it.

mod change;
pub mod directory;
mod error;
#[cfg(feature = "memory")]
mod memory;
mod metered;
mod user_change;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::change::{Change, Changes, UserPatch};
pub use self::directory::DirectoryStore;
pub use self::error::{Guard, StoreError};
#[cfg(feature = "memory")]
pub use self::memory::MemoryStore;
pub(crate) use self::metered::MeteredStore;
pub use self::user_change::UserChange;
use crate::clock::Timestamp;
use crate::keys::KeyId;
use crate::model::audit::AuditEntry;
use crate::model::factor::Totp;
use crate::model::identifier::Identifier;
use crate::model::identity::Identity;
use crate::model::ids::{
    AuditId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId, UserId,
};
use crate::model::mail::StoredMail;
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::{Account, PasswordHash, User};

/// Users and who they are known as.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// The user with what proves who they are; `None` where there is none (any more).
    async fn account(&self, id: &UserId) -> Result<Option<Account>, StoreError>;

    /// The account whose *present* address or username this is. An address that
    /// is only reserved finds nobody, nor does an account whose time to confirm
    /// its address is over (`unconfirmed_until <= now`), nor does a skeleton.
    async fn account_by_identifier(
        &self,
        identifier: &Identifier,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError>;

    /// Whether the address or name is held by anybody but `except`: by a user, by
    /// a reservation, or by a registration that left nothing else. A hold that
    /// ended (`until <= now`) is none.
    async fn is_taken(
        &self,
        identifier: &Identifier,
        except: Option<&UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The user and that session of theirs. `None` where there is no such user;
    /// `Some((user, None))` where the session is gone or expired at `now`. One
    /// statement: this is what every checked request costs.
    async fn user_with_session(
        &self,
        user: &UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<(User, Option<Session>)>, StoreError>;

    /// Users in the order of their ids, after `after`, at most `limit`.
    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, StoreError>;

    /// Users whose time to confirm their address is over, at most `limit`.
    async fn unconfirmed_users(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<User>, StoreError>;
}

/// What proves who somebody is, besides what an [`Account`] holds.
#[async_trait]
pub trait CredentialStore: Send + Sync {
    /// How many unused recovery codes the user has.
    async fn recovery_codes_left(&self, user: &UserId) -> Result<u64, StoreError>;

    /// A passkey. Whether its owner is still there is asked of the owner.
    async fn passkey(&self, id: &PasskeyId) -> Result<Option<Passkey>, StoreError>;

    /// The passkeys of these users, in the order of the users' ids, of when they
    /// were added, and of their ids; at most some hundreds of users.
    async fn passkeys(&self, users: &[UserId]) -> Result<Vec<Passkey>, StoreError>;

    /// Whether the user has signed in from this device, and whether from any.
    async fn knows_device(&self, user: &UserId, device: &str) -> Result<KnownDevice, StoreError>;

    /// When each device that the user has signed in from was last used, the latest first.
    async fn devices_used(&self, user: &UserId) -> Result<Vec<Timestamp>, StoreError>;

    /// The identity of this issuer and subject, whosoever it is.
    async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError>;

    /// The user's identities, in the order of their ids.
    async fn identities(&self, user: &UserId) -> Result<Vec<Identity>, StoreError>;

    /// A service key, revoked or not.
    async fn service_key(&self, id: &ServiceKeyId) -> Result<Option<ServiceKey>, StoreError>;

    /// Service keys in the order of their ids, after `after`, at most `limit`.
    async fn service_keys(
        &self,
        after: Option<&ServiceKeyId>,
        limit: usize,
    ) -> Result<Vec<ServiceKey>, StoreError>;

    /// The fingerprints of the root secrets this store was used with: `(key id, fingerprint)`.
    async fn root_keys(&self) -> Result<Vec<(String, String)>, StoreError>;

    /// Whether the secret of anybody's confirmed second factor is sealed under the
    /// root secret with this key id, which is what the sealed bytes begin with.
    /// Asked at a start without a root secret that the store knows; it may read
    /// all of them.
    async fn has_factors_sealed_under(&self, key: KeyId) -> Result<bool, StoreError>;

    /// What proves who these users are, in the order of their ids; at most some
    /// hundreds of them. Who is not there is left out. It may be read in several
    /// statements, in between which one user's recovery codes can change.
    async fn credentials(&self, users: &[UserId]) -> Result<Vec<Credentials>, StoreError>;
}

/// All that proves who a user is: what an export carries and an import brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Whose.
    pub user_id: UserId,
    /// The password; `None` where none stands.
    pub password: Option<PasswordHash>,
    /// The second factor: confirmed, pending or both.
    pub totp: Option<Totp>,
    /// The hashes of the unused recovery codes, in the order of their bytes.
    pub recovery_codes: Vec<String>,
    /// Who they are to providers, in the order of the ids.
    pub identities: Vec<Identity>,
}

/// What is known of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// The user has signed in from this one.
    pub this: bool,
    /// The user has signed in from some device.
    pub any: bool,
}

/// One-time tokens.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The token's row, used or not.
    async fn token(&self, id: TokenId) -> Result<Option<Token>, StoreError>;

    /// The newest live token of that user and purpose.
    async fn live_token(
        &self,
        user: &UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError>;
}

/// Sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The session with its user; `None` where it is gone, expired at `now`, or its user is.
    async fn session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError>;

    /// The user's sessions that have not expired, the most recently used first.
    async fn sessions(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;
}

/// Mail waiting to be sent.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Leases at most `limit` mails that are due and not leased, the longest
    /// due first, to one worker until `until`. No two claims hold one mail at
    /// the same time.
    ///
    /// The answer shows the mails as they were before: one that has a lease,
    /// which ran out, was tried and nobody said how that ended. One that cannot
    /// be read is leased like the others.
    async fn claim_mail(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError>;

    /// When the next mail can be claimed, the past included: the earliest, over
    /// all mails that are not dead, of when it is due and its lease is over.
    async fn next_mail_at(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Mails that were given up, in the order of their ids, after `after`, at most `limit`.
    async fn dead_mail(
        &self,
        after: Option<&MailId>,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError>;

    /// The user's mails that are not sent, given up or not, in the order of their ids.
    async fn mail_of(&self, user: &UserId) -> Result<Vec<StoredMail>, StoreError>;

    /// How much is waiting.
    async fn outbox_depth(&self) -> Result<OutboxDepth, StoreError>;
}

/// How much mail is waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxDepth {
    /// Mails that are still tried.
    pub waiting: u64,
    /// Mails that were given up.
    pub dead: u64,
    /// When the oldest one that is still tried was queued.
    pub oldest: Option<Timestamp>,
    /// How many of those that are still tried wait for the set-up of mail to be
    /// mended: their last error begins with [`SET_UP_FAULT`].
    pub set_up: u64,
    /// The last error of one of these, without that beginning.
    pub set_up_fault: Option<String>,
}

/// What the last error of a mail begins with that failed since the set-up of mail
/// is wrong: credentials, sender, account, TLS.
pub const SET_UP_FAULT: &str = "set-up: ";

/// The audit log.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// A user's entries in the order of their ids, after `after`, at most `limit`.
    async fn audit(
        &self,
        user: &UserId,
        after: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// Deletes entries that are older, at most `limit`, and says how many.
    async fn purge_audit(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError>;
}

/// One attempt, counted in a window that begins with the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hit {
    /// What is counted: at most 64 ASCII characters, nothing personal in them.
    pub key: String,
    /// How long the window is.
    pub window: Duration,
}

/// A counter after a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Attempts in the present window, this one included.
    pub count: i64,
    /// When the window ends.
    pub resets_at: Timestamp,
}

/// Counters. They are outside the commit: a failed attempt must stay counted
/// when everything else rolls back.
#[async_trait]
pub trait CounterStore: Send + Sync {
    /// Counts an attempt under each key, atomically for each, and answers in the
    /// same order. A window that ended at or before `now` starts afresh. Callers
    /// pass distinct keys in sorted order, so that two calls cannot deadlock.
    async fn hit(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Count>, StoreError>;

    /// Takes one attempt back under each key; a counter never goes below zero.
    async fn give_back(&self, keys: &[String]) -> Result<(), StoreError>;

    /// Forgets a counter.
    async fn clear_count(&self, key: &str) -> Result<(), StoreError>;
}

/// A place that keeps accounts.
#[async_trait]
pub trait Store:
    UserStore
    + CredentialStore
    + TokenStore
    + SessionStore
    + OutboxStore
    + AuditStore
    + DirectoryStore
    + CounterStore
    + fmt::Debug
    + Send
    + Sync
    + 'static
{
    /// Applies all of the changes or none.
    ///
    /// A list of several is one transaction whose first write is the list's
    /// commit id. Where that id is found to be there, the list was applied
    /// before (its reply was lost) and the answer is `Ok`. A single change is
    /// one statement and is not replayed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] names the first guard that failed; nothing was written.
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError>;

    /// Deletes what is over, at most about `limit` rows, and says how many:
    /// expired sessions, counters and holds on names; commit ids older than an
    /// hour; tokens a week after their expiry; devices not used for a year;
    /// everything that belongs to deleted users, and then they themselves. Of what
    /// deleted users did, the audit log loses the addresses and user agents
    /// ([`AuditEntry::without_traces`]), which count as rows.
    ///
    /// A store that fills in what an earlier version did not write does that here,
    /// too, and counts those rows.
    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError>;

    /// The present by the store's own clock, which every process that shares it
    /// sees alike; `None` where only one process uses the store, whose clock
    /// then is the one.
    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    /// The connections this process has to the database, where the store knows.
    fn connections(&self) -> Option<Connections> {
        None
    }

    /// Whether the database answers, takes what is written, and has the schema that
    /// this code knows. Asked often, by whoever asks for the service's health: a
    /// write that succeeded a few seconds ago answers for the next one.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// The connections a process has to its database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Open and not in use.
    pub idle: u64,
    /// In use.
    pub busy: u64,
}

/// How long commit ids are kept.
pub const COMMIT_ID_LIFE: Duration = Duration::from_secs(3600);
/// How long tokens are kept after their expiry, so that their links can say why they fail.
pub const EXPIRED_TOKEN_LIFE: Duration = Duration::from_secs(7 * 86_400);
/// How long an unused device is remembered.
pub const DEVICE_LIFE: Duration = Duration::from_secs(365 * 86_400);
