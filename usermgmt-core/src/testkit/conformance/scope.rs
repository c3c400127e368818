//! Which rows a list of changes is about.

use std::collections::BTreeSet;

use crate::model::identifier::{Identifier, IdentifierKind};
use crate::model::ids::{PasskeyId, ServiceKeyId, SessionId, TokenId, UserId};
use crate::store::Change;

/// Ids by which rows can be read again.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) users: BTreeSet<UserId>,
    identifiers: BTreeSet<(IdentifierKind, String)>,
    pub(super) tokens: BTreeSet<TokenId>,
    pub(super) sessions: BTreeSet<SessionId>,
    pub(super) passkeys: BTreeSet<PasskeyId>,
    pub(super) devices: BTreeSet<(UserId, String)>,
    /// By issuer and subject.
    pub(super) identities: BTreeSet<(String, String)>,
    pub(super) service_keys: BTreeSet<ServiceKeyId>,
}

impl Scope {
    pub(super) fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        self.identifiers
            .iter()
            .map(|(kind, canonical)| Identifier::from_stored(*kind, canonical.clone()))
    }

    /// Takes in whatever these changes name.
    pub(super) fn extend(&mut self, changes: &[Change]) {
        changes.iter().for_each(|change| self.add(change));
    }

    fn add(&mut self, change: &Change) {
        match change {
            Change::InsertUser { user, .. } => {
                self.add_identifier(&Identifier::email(&user.email));
                self.add_identifier(&Identifier::username(&user.username));
                self.add_user(&user.id);
            }
            Change::UpdateUser { id, set, .. } => {
                if let Some(email) = &set.email {
                    self.add_identifier(&Identifier::email(email));
                }
                if let Some(username) = &set.username {
                    self.add_identifier(&Identifier::username(username));
                }
                self.add_user(id);
            }
            Change::TouchUser { id, .. } | Change::DeleteUser { id, .. } => self.add_user(id),
            Change::ClaimIdentifier { identifier, user_id, .. } => {
                self.add_identifier(identifier);
                user_id.iter().for_each(|user| self.add_user(user));
            }
            Change::HoldIdentifier { identifier, user_id, .. }
            | Change::ReleaseIdentifier { identifier, user_id } => {
                self.add_identifier(identifier);
                self.add_user(user_id);
            }
            Change::InsertToken(token) => {
                self.tokens.insert(token.id);
                token.user_id.iter().for_each(|user| self.add_user(user));
            }
            Change::UseToken { id, .. } | Change::IssueCode { id, .. } => {
                self.tokens.insert(*id);
            }
            Change::InsertSession(session) => {
                self.sessions.insert(session.id);
                self.add_user(&session.user_id);
            }
            Change::RotateSession { id, .. }
            | Change::ReceiveSession { id, .. }
            | Change::ReplaySession { id, .. } => {
                self.sessions.insert(*id);
            }
            Change::EndSession { id, user_id, .. } => {
                self.sessions.insert(*id);
                self.add_user(user_id);
            }
            Change::InsertPasskey(passkey) => {
                self.passkeys.insert(passkey.id.clone());
                self.add_user(&passkey.user_id);
            }
            Change::UsePasskey { id, user_id, .. }
            | Change::RenamePasskey { id, user_id, .. }
            | Change::RemovePasskey { id, user_id } => {
                self.passkeys.insert(id.clone());
                self.add_user(user_id);
            }
            Change::RememberDevice { user_id, device, .. } => {
                self.devices.insert((user_id.clone(), device.clone()));
                self.add_user(user_id);
            }
            Change::LinkIdentity(identity) => {
                self.identities.insert((identity.issuer.clone(), identity.subject.clone()));
                self.add_user(&identity.user_id);
            }
            Change::UseIdentity { user_id, issuer, subject, .. } => {
                self.identities.insert((issuer.clone(), subject.clone()));
                self.add_user(user_id);
            }
            Change::ReleaseIdentifiers { user_id }
            | Change::UnlinkIdentity { user_id, .. }
            | Change::UnlinkIdentities { user_id, .. }
            | Change::VoidTokens { user_id, .. }
            | Change::EndSessions { user_id, .. }
            | Change::ForgetDevices { user_id }
            | Change::SetPendingTotp { user_id, .. }
            | Change::ConfirmTotp { user_id, .. }
            | Change::UseTotpStep { user_id, .. }
            | Change::ResealTotp { user_id, .. }
            | Change::DropPendingTotp { user_id }
            | Change::RemoveTotp { user_id }
            | Change::ReplaceRecoveryCodes { user_id, .. }
            | Change::UseRecoveryCode { user_id, .. }
            | Change::RemovePasskeys { user_id, .. }
            | Change::DropMail { user_id } => self.add_user(user_id),
            Change::InsertServiceKey(key) => {
                self.service_keys.insert(key.id.clone());
            }
            Change::RevokeServiceKey { id, .. } | Change::TouchServiceKey { id, .. } => {
                self.service_keys.insert(id.clone());
            }
            Change::InsertAudit(entry) => {
                entry.user_id.iter().for_each(|user| self.add_user(user));
            }
            Change::KeepAdmin { id } => self.add_user(id),
            // Root keys and mails are read as a whole.
            Change::InsertRootKey { .. }
            | Change::InsertMail(_)
            | Change::CompleteMail { .. }
            | Change::RetryMail { .. }
            | Change::BuryMail { .. }
            | Change::ReviveMail { .. }
            | Change::DropDeadMail { .. } => {}
        }
    }

    fn add_user(&mut self, user: &UserId) {
        self.users.insert(user.clone());
    }

    fn add_identifier(&mut self, identifier: &Identifier) {
        self.identifiers.insert((identifier.kind(), identifier.canonical().to_owned()));
    }
}
