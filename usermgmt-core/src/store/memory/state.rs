//! The tables, and what a row of each is.

use super::table::{Journal, Row, Table};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::factor::Totp;
use crate::model::identifier::{Identifier, IdentifierKind};
use crate::model::identity::Identity;
use crate::model::ids::{
    AuditId, CommitId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId, UserId,
};
use crate::model::mail::OutboxMail;
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::Token;
use crate::model::user::{Account, PasswordHash, Role, User};
use crate::store::UserPatch;

/// Everything there is.
#[derive(Default)]
pub(super) struct State {
    pub(super) commits: Table<CommitRow>,
    pub(super) users: Table<UserRow>,
    pub(super) identifiers: Table<IdentifierRow>,
    pub(super) tokens: Table<Token>,
    pub(super) sessions: Table<Session>,
    pub(super) factors: Table<FactorRow>,
    pub(super) recovery_codes: Table<RecoveryCodeRow>,
    pub(super) identities: Table<Identity>,
    pub(super) passkeys: Table<Passkey>,
    pub(super) devices: Table<DeviceRow>,
    pub(super) service_keys: Table<ServiceKey>,
    pub(super) root_keys: Table<RootKeyRow>,
    pub(super) mails: Table<OutboxMail>,
    pub(super) audit: Table<AuditEntry>,
    pub(super) counters: Table<CounterRow>,
}

impl State {
    pub(super) fn commit(&mut self) {
        self.journals().into_iter().for_each(Journal::commit);
    }

    pub(super) fn roll_back(&mut self) {
        self.journals().into_iter().for_each(Journal::roll_back);
    }

    fn journals(&mut self) -> [&mut dyn Journal; 15] {
        [
            &mut self.commits,
            &mut self.users,
            &mut self.identifiers,
            &mut self.tokens,
            &mut self.sessions,
            &mut self.factors,
            &mut self.recovery_codes,
            &mut self.identities,
            &mut self.passkeys,
            &mut self.devices,
            &mut self.service_keys,
            &mut self.root_keys,
            &mut self.mails,
            &mut self.audit,
            &mut self.counters,
        ]
    }

    /// The user, where there is one that was not deleted.
    pub(super) fn user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id)?.person().map(|person| &person.user)
    }

    /// Whether somebody else is an active administrator.
    pub(super) fn has_admin_besides(&self, id: &UserId) -> bool {
        let people = self.users.rows().filter_map(UserRow::person);
        people
            .map(|person| &person.user)
            .any(|user| user.role == Role::Admin && user.is_active() && user.id != *id)
    }

    /// The user's identities, in the order of their ids.
    pub(super) fn identities_of(&self, user: &UserId) -> Vec<Identity> {
        let mut identities: Vec<Identity> = self.identities.of(user).cloned().collect();
        identities.sort_by(|a, b| a.id.cmp(&b.id));
        identities
    }

    pub(super) fn account(&self, id: &UserId) -> Option<Account> {
        let person = self.users.get(id)?.person()?;
        Some(Account {
            user: person.user.clone(),
            password: person.password.clone(),
            totp: self.factors.get(id).map(|row| row.totp.clone()),
        })
    }
}

/// Where the journal and the index find a list of changes that was applied.
pub(super) struct CommitRow {
    pub(super) id: CommitId,
    pub(super) at: Timestamp,
}

impl Row for CommitRow {
    type Key = CommitId;
    fn key(&self) -> CommitId {
        self.id
    }
    fn owner(&self) -> Option<&UserId> {
        None
    }
}

/// A user, or what is left of one until purge.
pub(super) enum UserRow {
    Present(Box<Person>),
    Tombstone(UserId),
}

#[derive(Clone)]
pub(super) struct Person {
    pub(super) user: User,
    pub(super) password: Option<PasswordHash>,
    pub(super) last_sign_in_at: Option<Timestamp>,
}

impl Person {
    pub(super) fn patch(&mut self, set: &UserPatch) {
        fn write<T: Clone>(field: &mut T, value: &Option<T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        let UserPatch {
            username,
            email,
            email_confirmed_at,
            unconfirmed_until,
            first_name,
            last_name,
            gender,
            role,
            locale,
            disabled_at,
            password,
        } = set;
        let user = &mut self.user;
        write(&mut user.username, username);
        write(&mut user.email, email);
        write(&mut user.email_confirmed_at, email_confirmed_at);
        write(&mut user.unconfirmed_until, unconfirmed_until);
        write(&mut user.first_name, first_name);
        write(&mut user.last_name, last_name);
        write(&mut user.gender, gender);
        write(&mut user.role, role);
        write(&mut user.locale, locale);
        write(&mut user.disabled_at, disabled_at);
        write(&mut self.password, password);
    }
}

impl UserRow {
    pub(super) fn person(&self) -> Option<&Person> {
        match self {
            Self::Present(person) => Some(person),
            Self::Tombstone(_) => None,
        }
    }
}

impl Row for UserRow {
    type Key = UserId;
    fn key(&self) -> UserId {
        match self {
            Self::Present(person) => person.user.id.clone(),
            Self::Tombstone(id) => id.clone(),
        }
    }
    fn owner(&self) -> Option<&UserId> {
        None
    }
}

pub(super) type IdentifierKey = (IdentifierKind, String);

/// Whose an address or a name is, and until when.
#[derive(Clone)]
pub(super) struct IdentifierRow {
    pub(super) identifier: Identifier,
    pub(super) user_id: Option<UserId>,
    pub(super) until: Option<Timestamp>,
}

impl IdentifierRow {
    pub(super) fn key_of(identifier: &Identifier) -> IdentifierKey {
        (identifier.kind(), identifier.canonical().to_owned())
    }

    pub(super) fn is_held(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it is held by anybody but this user.
    pub(super) fn is_taken(&self, except: Option<&UserId>, now: Timestamp) -> bool {
        let own = except.is_some() && self.user_id.as_ref() == except;
        self.is_held(now) && !own
    }
}

impl Row for IdentifierRow {
    type Key = IdentifierKey;
    fn key(&self) -> IdentifierKey {
        Self::key_of(&self.identifier)
    }
    fn owner(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }
}

impl Row for Token {
    type Key = TokenId;
    fn key(&self) -> TokenId {
        self.id
    }
    fn owner(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }
}

impl Row for Session {
    type Key = SessionId;
    fn key(&self) -> SessionId {
        self.id
    }
    fn owner(&self) -> Option<&UserId> {
        Some(&self.user_id)
    }
}

/// A user's second factor; there is none where nothing is confirmed or waits.
#[derive(Clone)]
pub(super) struct FactorRow {
    pub(super) user_id: UserId,
    pub(super) totp: Totp,
}

impl Row for FactorRow {
    type Key = UserId;
    fn key(&self) -> UserId {
        self.user_id.clone()
    }
    fn owner(&self) -> Option<&UserId> {
        Some(&self.user_id)
    }
}

pub(super) struct RecoveryCodeRow {
    pub(super) user_id: UserId,
    pub(super) hash: String,
}

impl Row for RecoveryCodeRow {
    type Key = (UserId, String);
    fn key(&self) -> (UserId, String) {
        (self.user_id.clone(), self.hash.clone())
    }
    fn owner(&self) -> Option<&UserId> {
        Some(&self.user_id)
    }
}

impl Row for Identity {
    type Key = (String, String);
    fn key(&self) -> (String, String) {
        (self.issuer.clone(), self.subject.clone())
    }
    fn owner(&self) -> Option<&UserId> {
        Some(&self.user_id)
    }
}

impl Row for Passkey {
    type Key = PasskeyId;
    fn key(&self) -> PasskeyId {
        self.id.clone()
    }
    fn owner(&self) -> Option<&UserId> {
        Some(&self.user_id)
    }
}

pub(super) struct DeviceRow {
    pub(super) user_id: UserId,
    pub(super) device: String,
    pub(super) used_at: Timestamp,
}

impl Row for DeviceRow {
    type Key = (UserId, String);
    fn key(&self) -> (UserId, String) {
        (self.user_id.clone(), self.device.clone())
    }
    fn owner(&self) -> Option<&UserId> {
        Some(&self.user_id)
    }
}

impl Row for ServiceKey {
    type Key = ServiceKeyId;
    fn key(&self) -> ServiceKeyId {
        self.id.clone()
    }
    fn owner(&self) -> Option<&UserId> {
        None
    }
}

pub(super) struct RootKeyRow {
    pub(super) id: String,
    pub(super) fingerprint: String,
}

impl Row for RootKeyRow {
    type Key = String;
    fn key(&self) -> String {
        self.id.clone()
    }
    fn owner(&self) -> Option<&UserId> {
        None
    }
}

impl Row for OutboxMail {
    type Key = MailId;
    fn key(&self) -> MailId {
        self.id.clone()
    }
    fn owner(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }
}

impl Row for AuditEntry {
    type Key = AuditId;
    fn key(&self) -> AuditId {
        self.id.clone()
    }
    fn owner(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }
}

#[derive(Clone)]
pub(super) struct CounterRow {
    pub(super) key: String,
    pub(super) count: i64,
    pub(super) resets_at: Timestamp,
}

impl Row for CounterRow {
    type Key = String;
    fn key(&self) -> String {
        self.key.clone()
    }
    fn owner(&self) -> Option<&UserId> {
        None
    }
}
