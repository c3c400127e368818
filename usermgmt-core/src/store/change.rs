//! The one write: a list of guarded changes.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::factor::SealedSecret;
use crate::model::identifier::{Email, Identifier, Username};
use crate::model::identity::Identity;
use crate::model::ids::{
    CommitId, FactorId, IdentityId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId,
    UserId,
};
use crate::model::mail::OutboxMail;
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::{PasswordHash, Role, User};
use crate::rng::SecureRng;

/// A change and its guard. Exhaustive on purpose: a new one must break every
/// store at compile time.
///
/// "Guarded" below means: the write tests the condition itself, and where it
/// does not hold the whole list fails with [`super::Guard`]'s named variant and
/// nothing is written. "Unguarded" changes write as many rows as there are,
/// none included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// Goes with what takes an administrator away: lists with it follow one
    /// another. Guarded (`LastAdmin`): another user than this one is an
    /// administrator whose address is confirmed and who is not disabled. What
    /// they sign in with does not matter: whoever has the confirmed mailbox can
    /// choose a password.
    KeepAdmin {
        /// Who is one no more.
        id: UserId,
    },
    /// Adds a user. Guarded: the id is new (`Exists`). Its address and name are
    /// claimed by changes of their own.
    InsertUser {
        /// The user.
        user: Box<User>,
        /// The password, where one stands.
        password: Option<PasswordHash>,
    },
    /// Writes the user's row without changing it, so that lists of one user
    /// follow one another. Guarded (`User`): it is there, has this epoch, and,
    /// where `active`, its address is confirmed and it is not disabled.
    TouchUser {
        /// Which user.
        id: UserId,
        /// Whether the user must be active.
        active: bool,
        /// The epoch that was read.
        epoch: i64,
    },
    /// Changes a user. Guarded (`User`): it is there and has this epoch.
    UpdateUser {
        /// Which user.
        id: UserId,
        /// The epoch that was read.
        epoch: i64,
        /// Whether the epoch goes up by one.
        raise_epoch: bool,
        /// When.
        at: Timestamp,
        /// The fields to write.
        set: Box<UserPatch>,
    },
    /// Makes the user a tombstone: every personal field empty, the password
    /// gone, the epoch raised; from now on no read finds it, and purge removes
    /// it with all that was its. Guarded (`User`): it is there and has this epoch.
    DeleteUser {
        /// Which user.
        id: UserId,
        /// The epoch that was read.
        epoch: i64,
        /// When.
        at: Timestamp,
    },
    /// Takes an address or a name. Guarded (`Taken`): nobody has it, the hold on
    /// it ended at or before `now`, or it is this very user's already (`user_id`
    /// is `Some` and equal).
    ClaimIdentifier {
        /// The address or name.
        identifier: Identifier,
        /// For whom; `None` for a registration that leaves nothing else.
        user_id: Option<UserId>,
        /// Until when; `None` for good.
        until: Option<Timestamp>,
        /// The present.
        now: Timestamp,
    },
    /// Sets how long the user holds an address or name. Guarded (`Identifier`):
    /// it is this user's. Of a skeleton unguarded: an account that is older than
    /// skeletons, or than the one that has it, has none.
    HoldIdentifier {
        /// The address or name.
        identifier: Identifier,
        /// Whose it is.
        user_id: UserId,
        /// Until when; `None` for good.
        until: Option<Timestamp>,
    },
    /// Gives an address or a name back. Guarded (`Identifier`): it is this user's.
    /// Of a skeleton unguarded, as above.
    ReleaseIdentifier {
        /// The address or name.
        identifier: Identifier,
        /// Whose it was.
        user_id: UserId,
    },
    /// Gives all of the user's addresses and names back. Unguarded.
    ReleaseIdentifiers {
        /// Whose.
        user_id: UserId,
    },
    /// Adds a token. Guarded: the id is new (`Exists`).
    InsertToken(Token),
    /// Uses a token up. Guarded (`Token`): unused, and `now` is before its expiry.
    UseToken {
        /// The token.
        id: TokenId,
        /// The present.
        now: Timestamp,
    },
    /// Voids the user's unused tokens. Unguarded.
    VoidTokens {
        /// Whose.
        user_id: UserId,
        /// Of one purpose, or of all.
        purpose: Option<Purpose>,
        /// Made then or later, or whenever.
        since: Option<Timestamp>,
        /// The present.
        now: Timestamp,
    },
    /// Makes a new short code beside a token: `code_issue` goes up by one.
    /// Guarded (`Token`): unused, `now` before its expiry, and `code_issue` as read.
    IssueCode {
        /// Which token.
        id: TokenId,
        /// The number that was read.
        issue: i64,
        /// Until when the new code is good.
        expires_at: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// Adds a session; of those that the user then has, only the
    /// [`MAX_SESSIONS`](crate::model::session::MAX_SESSIONS) seen last stay (the
    /// added one always). Guarded: the id is new (`Exists`).
    InsertSession(Box<Session>),
    /// Goes on with a session, at a later generation or the same. Guarded
    /// (`Session`): it is there, `now` is before its expiry, and it has this
    /// generation.
    RotateSession {
        /// The session.
        id: SessionId,
        /// The generation that was read.
        generation: i64,
        /// The generation it gets.
        to: i64,
        /// The present: its `last_seen_at`, and its `rotated_at` where the
        /// generation is another one.
        now: Timestamp,
        /// Its new expiry.
        expires_at: Timestamp,
        /// From where, where known; else it stays.
        ip: Option<std::net::IpAddr>,
        /// With what, where known; else it stays.
        user_agent: Option<String>,
    },
    /// Notes that the client has received this generation: an access token of it
    /// reached a checked request. Guarded (`Session`): it is there, `now` is before
    /// its expiry, it has this generation, and that was not noted yet.
    ReceiveSession {
        /// The session.
        id: SessionId,
        /// The generation that was read.
        generation: i64,
        /// The present: its `received_at`.
        now: Timestamp,
    },
    /// Notes that a generation was replayed. Guarded (`Session`): it is there,
    /// `now` is before its expiry, it has this generation, and that one and later
    /// ones were not replayed yet.
    ReplaySession {
        /// The session.
        id: SessionId,
        /// The generation that was read.
        generation: i64,
        /// The one that was replayed.
        replayed: i64,
        /// How many in a row were, with this one.
        replays: i64,
        /// The present.
        now: Timestamp,
    },
    /// Ends a session. Guarded (`Session`): it is there, is this user's, and has
    /// this generation where one is named.
    EndSession {
        /// The session.
        id: SessionId,
        /// Whose.
        user_id: UserId,
        /// The generation that was read, where it matters.
        generation: Option<i64>,
    },
    /// Ends the user's sessions. Unguarded.
    EndSessions {
        /// Whose.
        user_id: UserId,
        /// But this one.
        except: Option<SessionId>,
    },
    /// Sets the secret that waits for its first code, in place of an earlier
    /// one that waited; a confirmed one and its last step stay. Where there was
    /// neither, the last step is 0. Unguarded.
    SetPendingTotp {
        /// Whose.
        user_id: UserId,
        /// The sealed secret.
        secret: SealedSecret,
    },
    /// Makes the waiting secret the confirmed one, with this as its last step.
    /// Guarded (`Factor`): this is the one that waits.
    ConfirmTotp {
        /// Whose.
        user_id: UserId,
        /// Which enrolment.
        factor_id: FactorId,
        /// The time step of the code that confirmed it.
        step: i64,
    },
    /// Accepts a code. Guarded (`Factor`): this is the confirmed factor, and no
    /// code of this step or a later one was accepted.
    UseTotpStep {
        /// Whose.
        user_id: UserId,
        /// Which enrolment.
        factor_id: FactorId,
        /// The code's time step.
        step: i64,
    },
    /// Seals the confirmed secret anew; its last step stays. Guarded (`Factor`):
    /// this is the confirmed factor.
    ResealTotp {
        /// Whose.
        user_id: UserId,
        /// The same secret, sealed under another root.
        secret: SealedSecret,
    },
    /// Drops the secret that waits. Unguarded.
    DropPendingTotp {
        /// Whose.
        user_id: UserId,
    },
    /// Drops the factor and the secret that waits. Recovery codes stay: a passkey may be
    /// left that they stand in for. Unguarded.
    RemoveTotp {
        /// Whose.
        user_id: UserId,
    },
    /// Sets the recovery codes, in place of all earlier ones. Unguarded.
    ReplaceRecoveryCodes {
        /// Whose.
        user_id: UserId,
        /// Their hashes, at most 64 ASCII characters each, all different.
        hashes: Vec<String>,
    },
    /// Uses a recovery code up. Guarded (`RecoveryCode`): it is there.
    UseRecoveryCode {
        /// Whose.
        user_id: UserId,
        /// Its hash.
        hash: String,
    },
    /// Links an identity to a user. Guarded (`Identity`): nobody has one of this
    /// issuer and subject.
    LinkIdentity(Box<Identity>),
    /// Records when an identity signed in. Guarded (`Identity`): it is there and
    /// this user's.
    UseIdentity {
        /// Whose.
        user_id: UserId,
        /// The provider's issuer.
        issuer: String,
        /// Who they are to it.
        subject: String,
        /// When.
        at: Timestamp,
    },
    /// Takes an identity from a user. Guarded (`Identity`): it is there and this
    /// user's.
    UnlinkIdentity {
        /// Whose.
        user_id: UserId,
        /// The identity.
        id: IdentityId,
    },
    /// Takes the user's identities. Unguarded.
    UnlinkIdentities {
        /// Whose.
        user_id: UserId,
        /// Linked then or later, or whenever.
        since: Option<Timestamp>,
    },
    /// Adds a passkey. Guarded (`Exists`): nobody has it.
    InsertPasskey(Box<Passkey>),
    /// Notes that a passkey signed. Guarded (`Passkey`): it is there, is this
    /// user's, and its counter is the one that was read.
    UsePasskey {
        /// The passkey.
        id: PasskeyId,
        /// Whose.
        user_id: UserId,
        /// The counter that was read.
        counter: i64,
        /// The counter it gets.
        to: i64,
        /// Whether there is a copy elsewhere.
        backed_up: bool,
        /// When.
        at: Timestamp,
    },
    /// Names a passkey. Guarded (`Passkey`): it is there and is this user's.
    RenamePasskey {
        /// The passkey.
        id: PasskeyId,
        /// Whose.
        user_id: UserId,
        /// The new name.
        name: String,
    },
    /// Removes a passkey. Guarded (`Passkey`): it is there and is this user's.
    RemovePasskey {
        /// The passkey.
        id: PasskeyId,
        /// Whose.
        user_id: UserId,
    },
    /// Removes the user's passkeys. Unguarded.
    RemovePasskeys {
        /// Whose.
        user_id: UserId,
        /// Added then or later, or whenever.
        since: Option<Timestamp>,
    },
    /// Remembers a device, or that it was used again. Unguarded.
    RememberDevice {
        /// Whose.
        user_id: UserId,
        /// The device's key: at most 64 ASCII characters.
        device: String,
        /// When.
        at: Timestamp,
    },
    /// Forgets the user's devices. Unguarded.
    ForgetDevices {
        /// Whose.
        user_id: UserId,
    },
    /// Adds a service key. Guarded: the id is new (`Exists`).
    InsertServiceKey(ServiceKey),
    /// Revokes a service key. Guarded (`ServiceKey`): it is there and not revoked.
    RevokeServiceKey {
        /// The service key.
        id: ServiceKeyId,
        /// When.
        at: Timestamp,
    },
    /// Records when a service key was used. Unguarded.
    TouchServiceKey {
        /// The service key.
        id: ServiceKeyId,
        /// When.
        at: Timestamp,
    },
    /// Records the fingerprint of a root secret. Guarded: its key id is new (`Exists`).
    InsertRootKey {
        /// The key id.
        id: String,
        /// The fingerprint.
        fingerprint: String,
        /// When.
        at: Timestamp,
    },
    /// Queues a mail. Guarded: the id is new (`Exists`).
    InsertMail(Box<OutboxMail>),
    /// Erases a mail that was sent or is not to be sent any more. Guarded
    /// (`Lease`): it is there under this lease.
    CompleteMail {
        /// The mail.
        id: MailId,
        /// The worker's lease.
        lease: LeaseId,
    },
    /// Puts a mail back after a failed try, counted; the lease ends. Guarded
    /// (`Lease`): it is there under this lease.
    RetryMail {
        /// The mail.
        id: MailId,
        /// The worker's lease.
        lease: LeaseId,
        /// When to try again.
        at: Timestamp,
        /// Why it failed.
        error: String,
    },
    /// Gives a mail up, counted as a try; the lease ends. Guarded (`Lease`): it is
    /// there under this lease.
    BuryMail {
        /// The mail.
        id: MailId,
        /// The worker's lease.
        lease: LeaseId,
        /// When.
        at: Timestamp,
        /// Why it failed.
        error: String,
    },
    /// Tries a mail again that was given up; its tries count from zero, its last
    /// error stays. Guarded (`Lease`): it is there and was given up.
    ReviveMail {
        /// The mail.
        id: MailId,
        /// When to try it.
        at: Timestamp,
    },
    /// Erases a mail that was given up. Guarded (`Lease`): it is there and was given up.
    DropDeadMail {
        /// The mail.
        id: MailId,
    },
    /// Erases the user's mail, be it waiting, leased or given up. Unguarded.
    DropMail {
        /// Whose.
        user_id: UserId,
    },
    /// Writes the audit log. Guarded: the id is new (`Exists`).
    InsertAudit(AuditEntry),
}

impl Change {
    /// The place in the one order in which every list runs, so that two lists
    /// cannot wait for each other: users first, but for the one row that all of a kind share.
    fn rank(&self) -> u8 {
        match self {
            // Before what it waits for is locked.
            Self::KeepAdmin { .. } => 0,
            Self::InsertUser { .. }
            | Self::TouchUser { .. }
            | Self::UpdateUser { .. }
            | Self::DeleteUser { .. } => 1,
            Self::ReleaseIdentifier { .. } | Self::ReleaseIdentifiers { .. } => 2,
            Self::ClaimIdentifier { .. } | Self::HoldIdentifier { .. } => 3,
            Self::UseToken { .. } | Self::IssueCode { .. } => 4,
            Self::VoidTokens { .. } => 5,
            Self::InsertToken(_) => 6,
            Self::EndSession { .. } | Self::EndSessions { .. } => 7,
            Self::InsertSession(_)
            | Self::RotateSession { .. }
            | Self::ReceiveSession { .. }
            | Self::ReplaySession { .. } => 8,
            // In the order of the list: an import sets a secret and confirms it.
            Self::SetPendingTotp { .. }
            | Self::UseTotpStep { .. }
            | Self::ConfirmTotp { .. }
            | Self::UseRecoveryCode { .. } => 9,
            Self::ResealTotp { .. } | Self::DropPendingTotp { .. } | Self::RemoveTotp { .. } => 10,
            Self::ReplaceRecoveryCodes { .. } => 11,
            Self::UnlinkIdentity { .. }
            | Self::UnlinkIdentities { .. }
            | Self::RemovePasskey { .. }
            | Self::RemovePasskeys { .. } => 12,
            Self::LinkIdentity(_)
            | Self::UseIdentity { .. }
            | Self::InsertPasskey(_)
            | Self::UsePasskey { .. }
            | Self::RenamePasskey { .. } => 13,
            Self::ForgetDevices { .. } => 14,
            Self::RememberDevice { .. } => 15,
            Self::InsertServiceKey(_)
            | Self::RevokeServiceKey { .. }
            | Self::TouchServiceKey { .. } => 16,
            Self::InsertRootKey { .. } => 17,
            Self::DropMail { .. } => 18,
            Self::InsertMail(_)
            | Self::CompleteMail { .. }
            | Self::RetryMail { .. }
            | Self::BuryMail { .. }
            | Self::ReviveMail { .. }
            | Self::DropDeadMail { .. } => 19,
            Self::InsertAudit(_) => 20,
        }
    }
}

/// What changes of a user; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserPatch {
    /// The username.
    pub username: Option<Username>,
    /// The address.
    pub email: Option<Email>,
    /// When the address was confirmed; `Some(None)` makes it one that is not.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub email_confirmed_at: Option<Option<Timestamp>>,
    /// Until when it must be; `Some(None)` for no limit any more.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub unconfirmed_until: Option<Option<Timestamp>>,
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub first_name: Option<Option<String>>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub last_name: Option<Option<String>>,
    /// Gender.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub gender: Option<Option<String>>,
    /// Role.
    pub role: Option<Role>,
    /// The language of their mails.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub locale: Option<Option<String>>,
    /// When the account was disabled; `Some(None)` enables it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub disabled_at: Option<Option<Timestamp>>,
    /// The password; `Some(None)` for none.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub password: Option<Option<PasswordHash>>,
}

/// A field that is there: `null` sets it to none, where an absent one leaves it.
fn there<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::deserialize(from).map(Some)
}

/// A list of changes that commits whole or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    commit_id: CommitId,
    at: Timestamp,
    list: Vec<Change>,
}

impl Changes {
    /// A list with a fresh commit id, in the order in which every list runs.
    pub fn new(mut list: Vec<Change>, at: Timestamp, rng: &dyn SecureRng) -> Self {
        list.sort_by_key(Change::rank);
        Self { commit_id: CommitId::generate(rng), at, list }
    }

    /// The id under which a replay finds the list applied.
    pub fn commit_id(&self) -> CommitId {
        self.commit_id
    }

    /// When the list was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The changes, in the order to run them.
    pub fn list(&self) -> &[Change] {
        &self.list
    }

    /// Whether there is a mail among them.
    pub fn has_mail(&self) -> bool {
        self.list
            .iter()
            .any(|change| matches!(change, Change::InsertMail(_) | Change::ReviveMail { .. }))
    }
}
