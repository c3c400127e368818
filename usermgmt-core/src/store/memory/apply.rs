//! Every change, and its guard.

use super::state::{
    CommitRow, DeviceRow, FactorRow, IdentifierRow, Person, RecoveryCodeRow, RootKeyRow, State,
    UserRow,
};
use super::table::{Row, Table};
use crate::clock::Timestamp;
use crate::model::factor::{SealedSecret, Totp};
use crate::model::identifier::{Identifier, IdentifierKind};
use crate::model::identity::Identity;
use crate::model::ids::{
    FactorId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId, UserId,
};
use crate::model::mail::OutboxMail;
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::{MAX_SESSIONS, Session};
use crate::model::token::{Purpose, Token};
use crate::store::{Change, Changes, Guard};

type Applied = Result<(), Guard>;

impl State {
    /// Applies the list, or takes back what it wrote before a guard failed.
    pub(super) fn apply(&mut self, changes: &Changes) -> Applied {
        if changes.list().len() > 1 {
            if self.commits.contains(&changes.commit_id()) {
                return Ok(());
            }
            self.commits.put(CommitRow { id: changes.commit_id(), at: changes.at() });
        }
        let applied = changes.list().iter().try_for_each(|change| self.apply_one(change));
        match applied {
            Ok(()) => self.commit(),
            Err(_) => self.roll_back(),
        }
        applied
    }

    fn apply_one(&mut self, change: &Change) -> Applied {
        match change {
            Change::KeepAdmin { id } => guard(self.has_admin_besides(id), Guard::LastAdmin),
            Change::InsertUser { user, password } => insert(
                &mut self.users,
                UserRow::Present(Box::new(Person {
                    user: (**user).clone(),
                    password: password.clone(),
                    last_sign_in_at: None,
                })),
            ),
            Change::TouchUser { id, active, epoch } => {
                let person = self.person(id, *epoch)?;
                guard(!active || person.user.is_active(), Guard::User)
            }
            Change::UpdateUser { id, epoch, raise_epoch, at, set } => {
                let mut person = self.person(id, *epoch)?.clone();
                person.user.epoch += i64::from(*raise_epoch);
                person.user.updated_at = *at;
                person.patch(set);
                self.users.put(UserRow::Present(Box::new(person)));
                Ok(())
            }
            Change::DeleteUser { id, epoch, at: _ } => {
                self.person(id, *epoch)?;
                self.users.put(UserRow::Tombstone(id.clone()));
                Ok(())
            }
            Change::ClaimIdentifier { identifier, user_id, until, now } => {
                let taken = self
                    .identifiers
                    .get(&IdentifierRow::key_of(identifier))
                    .is_some_and(|row| row.is_taken(user_id.as_ref(), *now));
                guard(!taken, Guard::Taken(identifier.kind()))?;
                self.identifiers.put(IdentifierRow {
                    identifier: identifier.clone(),
                    user_id: user_id.clone(),
                    until: *until,
                });
                Ok(())
            }
            Change::HoldIdentifier { identifier, user_id, until } => {
                if let Some(row) = self.identifier_of(identifier, user_id)?.cloned() {
                    self.identifiers.put(IdentifierRow { until: *until, ..row });
                }
                Ok(())
            }
            Change::ReleaseIdentifier { identifier, user_id } => {
                if let Some(key) = self.identifier_of(identifier, user_id)?.map(Row::key) {
                    self.identifiers.remove(&key);
                }
                Ok(())
            }
            Change::ReleaseIdentifiers { user_id } => {
                self.identifiers.sweep_of(user_id, u64::MAX);
                Ok(())
            }
            Change::InsertToken(token) => insert(&mut self.tokens, token.clone()),
            Change::UseToken { id, now } => {
                let mut token = self.live_token_row(*id, *now)?.clone();
                token.used_at = Some(*now);
                self.tokens.put(token);
                Ok(())
            }
            Change::VoidTokens { user_id, purpose, since, now } => {
                self.void_tokens(user_id, *purpose, *since, *now);
                Ok(())
            }
            Change::IssueCode { id, issue, expires_at, now } => {
                let mut token = self.live_token_row(*id, *now)?.clone();
                guard(token.code_issue == *issue, Guard::Token)?;
                token.code_issue += 1;
                token.code_expires_at = Some(*expires_at);
                self.tokens.put(token);
                Ok(())
            }
            Change::InsertSession(session) => {
                insert(&mut self.sessions, (**session).clone())?;
                self.evict_sessions(session);
                self.note_sign_in(session);
                Ok(())
            }
            Change::RotateSession { id, generation, to, now, expires_at, ip, user_agent } => {
                let mut session = self.session_at(*id, *generation, *now)?.clone();
                session.generation = *to;
                if to != generation {
                    session.rotated_at = Some(*now);
                }
                session.last_seen_at = *now;
                session.expires_at = *expires_at;
                session.ip = ip.or(session.ip);
                session.user_agent = user_agent.clone().or(session.user_agent);
                self.sessions.put(session);
                Ok(())
            }
            Change::ReceiveSession { id, generation, now } => {
                let mut session = self.session_at(*id, *generation, *now)?.clone();
                guard(session.received.is_none_or(|g| g < *generation), Guard::Session)?;
                session.received = Some(*generation);
                session.received_at = Some(*now);
                self.sessions.put(session);
                Ok(())
            }
            Change::ReplaySession { id, generation, replayed, replays, now } => {
                let mut session = self.session_at(*id, *generation, *now)?.clone();
                guard(session.replayed.is_none_or(|g| g < *replayed), Guard::Session)?;
                session.replayed = Some(*replayed);
                session.replays = *replays;
                self.sessions.put(session);
                Ok(())
            }
            Change::EndSession { id, user_id, generation } => {
                let row = self.sessions.get(id).ok_or(Guard::Session)?;
                guard(
                    row.user_id == *user_id && generation.is_none_or(|g| g == row.generation),
                    Guard::Session,
                )?;
                self.sessions.remove(id);
                Ok(())
            }
            Change::EndSessions { user_id, except } => {
                self.end_sessions(user_id, *except);
                Ok(())
            }
            Change::SetPendingTotp { user_id, secret } => {
                self.set_pending_totp(user_id, secret);
                Ok(())
            }
            Change::ConfirmTotp { user_id, factor_id, step } => {
                self.confirm_totp(user_id, factor_id, *step)
            }
            Change::UseTotpStep { user_id, factor_id, step } => {
                let mut row = self.factors.get(user_id).ok_or(Guard::Factor)?.clone();
                guard(
                    is_factor(row.totp.confirmed.as_ref(), factor_id) && row.totp.last_step < *step,
                    Guard::Factor,
                )?;
                row.totp.last_step = *step;
                self.factors.put(row);
                Ok(())
            }
            Change::ResealTotp { user_id, secret } => {
                let mut row = self.factors.get(user_id).ok_or(Guard::Factor)?.clone();
                guard(is_factor(row.totp.confirmed.as_ref(), &secret.factor_id), Guard::Factor)?;
                row.totp.confirmed = Some(secret.clone());
                self.factors.put(row);
                Ok(())
            }
            Change::DropPendingTotp { user_id } => {
                self.drop_pending_totp(user_id);
                Ok(())
            }
            Change::RemoveTotp { user_id } => {
                self.factors.remove(user_id);
                Ok(())
            }
            Change::ReplaceRecoveryCodes { user_id, hashes } => {
                self.recovery_codes.sweep_of(user_id, u64::MAX);
                for hash in hashes {
                    self.recovery_codes
                        .put(RecoveryCodeRow { user_id: user_id.clone(), hash: hash.clone() });
                }
                Ok(())
            }
            Change::UseRecoveryCode { user_id, hash } => guard(
                self.recovery_codes.remove(&(user_id.clone(), hash.clone())),
                Guard::RecoveryCode,
            ),
            Change::LinkIdentity(identity) => {
                guard(!self.identities.contains(&identity.key()), Guard::Identity)?;
                self.identities.put((**identity).clone());
                Ok(())
            }
            Change::UseIdentity { user_id, issuer, subject, at } => {
                let found = self.identities.get(&(issuer.clone(), subject.clone()));
                let found = found.filter(|row| row.user_id == *user_id).ok_or(Guard::Identity)?;
                let used = Identity { last_used_at: Some(*at), ..found.clone() };
                self.identities.put(used);
                Ok(())
            }
            Change::UnlinkIdentity { user_id, id } => {
                let found = self.identities.of(user_id).find(|row| row.id == *id);
                let key = found.map(Row::key).ok_or(Guard::Identity)?;
                self.identities.remove(&key);
                Ok(())
            }
            Change::UnlinkIdentities { user_id, since } => {
                let is_meant = |row: &&Identity| since.is_none_or(|since| row.created_at >= since);
                let keys: Vec<_> =
                    self.identities.of(user_id).filter(is_meant).map(Row::key).collect();
                for key in &keys {
                    self.identities.remove(key);
                }
                Ok(())
            }
            Change::InsertPasskey(passkey) => insert(&mut self.passkeys, (**passkey).clone()),
            Change::UsePasskey { id, user_id, counter, to, backed_up, at } => {
                let mut passkey = self.passkey_of(id, user_id)?.clone();
                guard(passkey.counter == *counter, Guard::Passkey)?;
                passkey.counter = *to;
                passkey.backed_up = *backed_up;
                passkey.last_used_at = Some(*at);
                self.passkeys.put(passkey);
                Ok(())
            }
            Change::RenamePasskey { id, user_id, name } => {
                let passkey = self.passkey_of(id, user_id)?.clone();
                self.passkeys.put(Passkey { name: name.clone(), ..passkey });
                Ok(())
            }
            Change::RemovePasskey { id, user_id } => {
                self.passkey_of(id, user_id)?;
                self.passkeys.remove(id);
                Ok(())
            }
            Change::RemovePasskeys { user_id, since } => {
                let gone: Vec<PasskeyId> = self
                    .passkeys
                    .of(user_id)
                    .filter(|passkey| since.is_none_or(|since| passkey.created_at >= since))
                    .map(|passkey| passkey.id.clone())
                    .collect();
                for id in &gone {
                    self.passkeys.remove(id);
                }
                Ok(())
            }
            Change::ForgetDevices { user_id } => {
                self.devices.sweep_of(user_id, u64::MAX);
                Ok(())
            }
            Change::RememberDevice { user_id, device, at } => {
                self.devices.put(DeviceRow {
                    user_id: user_id.clone(),
                    device: device.clone(),
                    used_at: *at,
                });
                Ok(())
            }
            Change::InsertServiceKey(key) => insert(&mut self.service_keys, key.clone()),
            Change::RevokeServiceKey { id, at } => {
                let row = self.service_keys.get(id).ok_or(Guard::ServiceKey)?;
                guard(row.revoked_at.is_none(), Guard::ServiceKey)?;
                let key = ServiceKey { revoked_at: Some(*at), ..row.clone() };
                self.service_keys.put(key);
                Ok(())
            }
            Change::TouchServiceKey { id, at } => {
                self.touch_service_key(id, *at);
                Ok(())
            }
            Change::InsertRootKey { id, fingerprint, at: _ } => insert(
                &mut self.root_keys,
                RootKeyRow { id: id.clone(), fingerprint: fingerprint.clone() },
            ),
            Change::InsertMail(mail) => insert(&mut self.mails, (**mail).clone()),
            Change::CompleteMail { id, lease } => {
                self.leased_mail(id, *lease)?;
                self.mails.remove(id);
                Ok(())
            }
            Change::RetryMail { id, lease, at, error } => {
                let mut mail = self.failed_mail(id, *lease, error)?;
                mail.next_attempt_at = *at;
                self.mails.put(mail);
                Ok(())
            }
            Change::BuryMail { id, lease, at, error } => {
                let mut mail = self.failed_mail(id, *lease, error)?;
                mail.dead_at = Some(*at);
                self.mails.put(mail);
                Ok(())
            }
            Change::ReviveMail { id, at } => {
                let mut mail = self.dead_mail_row(id)?.clone();
                mail.dead_at = None;
                mail.attempts = 0;
                mail.next_attempt_at = *at;
                self.mails.put(mail);
                Ok(())
            }
            Change::DropDeadMail { id } => {
                self.dead_mail_row(id)?;
                self.mails.remove(id);
                Ok(())
            }
            Change::DropMail { user_id } => {
                self.mails.sweep_of(user_id, u64::MAX);
                Ok(())
            }
            Change::InsertAudit(entry) => insert(&mut self.audit, entry.clone()),
        }
    }

    fn person(&self, id: &UserId, epoch: i64) -> Result<&Person, Guard> {
        self.users
            .get(id)
            .and_then(UserRow::person)
            .filter(|person| person.user.epoch == epoch)
            .ok_or(Guard::User)
    }

    /// The user's row; only of a skeleton there need not be one.
    fn identifier_of(
        &self,
        identifier: &Identifier,
        user_id: &UserId,
    ) -> Result<Option<&IdentifierRow>, Guard> {
        let row = self
            .identifiers
            .get(&IdentifierRow::key_of(identifier))
            .filter(|row| row.user_id.as_ref() == Some(user_id));
        guard(row.is_some() || identifier.kind() == IdentifierKind::Skeleton, Guard::Identifier)?;
        Ok(row)
    }

    fn passkey_of(&self, id: &PasskeyId, user_id: &UserId) -> Result<&Passkey, Guard> {
        self.passkeys.get(id).filter(|row| row.user_id == *user_id).ok_or(Guard::Passkey)
    }

    fn live_token_row(&self, id: TokenId, now: Timestamp) -> Result<&Token, Guard> {
        self.tokens.get(&id).filter(|token| token.is_live(now)).ok_or(Guard::Token)
    }

    fn void_tokens(
        &mut self,
        user_id: &UserId,
        purpose: Option<Purpose>,
        since: Option<Timestamp>,
        now: Timestamp,
    ) {
        let void: Vec<Token> = self
            .tokens
            .of(user_id)
            .filter(|token| token.used_at.is_none() && purpose.is_none_or(|p| p == token.purpose))
            .filter(|token| since.is_none_or(|since| token.created_at >= since))
            .map(|token| Token { used_at: Some(now), ..token.clone() })
            .collect();
        void.into_iter().for_each(|token| self.tokens.put(token));
    }

    fn session_at(
        &self,
        id: SessionId,
        generation: i64,
        now: Timestamp,
    ) -> Result<&Session, Guard> {
        self.sessions
            .get(&id)
            .filter(|row| now < row.expires_at && row.generation == generation)
            .ok_or(Guard::Session)
    }

    fn note_sign_in(&mut self, session: &Session) {
        if let Some(UserRow::Present(person)) = self.users.get(&session.user_id) {
            let mut person = person.clone();
            person.last_sign_in_at = Some(session.created_at);
            self.users.put(UserRow::Present(person));
        }
    }

    fn evict_sessions(&mut self, added: &Session) {
        let mut others: Vec<(Timestamp, SessionId)> = self
            .sessions
            .of(&added.user_id)
            .filter(|session| session.id != added.id)
            .map(|session| (session.last_seen_at, session.id))
            .collect();
        let surplus = (others.len() + 1).saturating_sub(MAX_SESSIONS);
        others.sort_unstable();
        for (_, id) in others.iter().take(surplus) {
            self.sessions.remove(id);
        }
    }

    fn end_sessions(&mut self, user_id: &UserId, except: Option<SessionId>) {
        let ended: Vec<SessionId> = self
            .sessions
            .of(user_id)
            .map(|session| session.id)
            .filter(|id| Some(*id) != except)
            .collect();
        for id in &ended {
            self.sessions.remove(id);
        }
    }

    fn set_pending_totp(&mut self, user_id: &UserId, secret: &SealedSecret) {
        let mut row = self.factors.get(user_id).cloned().unwrap_or(FactorRow {
            user_id: user_id.clone(),
            totp: Totp { confirmed: None, pending: None, last_step: 0 },
        });
        row.totp.pending = Some(secret.clone());
        self.factors.put(row);
    }

    fn confirm_totp(&mut self, user_id: &UserId, factor_id: &FactorId, step: i64) -> Applied {
        let row = self.factors.get(user_id).ok_or(Guard::Factor)?;
        guard(is_factor(row.totp.pending.as_ref(), factor_id), Guard::Factor)?;
        let row = FactorRow {
            user_id: user_id.clone(),
            totp: Totp { confirmed: row.totp.pending.clone(), pending: None, last_step: step },
        };
        self.factors.put(row);
        Ok(())
    }

    fn drop_pending_totp(&mut self, user_id: &UserId) {
        let Some(mut row) = self.factors.get(user_id).cloned() else {
            return;
        };
        row.totp.pending = None;
        if row.totp.is_confirmed() {
            self.factors.put(row);
        } else {
            self.factors.remove(user_id);
        }
    }

    fn touch_service_key(&mut self, id: &ServiceKeyId, at: Timestamp) {
        if let Some(row) = self.service_keys.get(id) {
            let key = ServiceKey { last_used_at: Some(at), ..row.clone() };
            self.service_keys.put(key);
        }
    }

    fn leased_mail(&self, id: &MailId, lease: LeaseId) -> Result<&OutboxMail, Guard> {
        self.mails.get(id).filter(|mail| mail.lease == Some(lease)).ok_or(Guard::Lease)
    }

    /// The mail after a failed try: counted, and nobody's any more.
    fn failed_mail(&self, id: &MailId, lease: LeaseId, error: &str) -> Result<OutboxMail, Guard> {
        let mail = self.leased_mail(id, lease)?;
        Ok(OutboxMail {
            attempts: mail.attempts + 1,
            last_error: Some(error.to_owned()),
            lease: None,
            leased_until: None,
            ..mail.clone()
        })
    }

    fn dead_mail_row(&self, id: &MailId) -> Result<&OutboxMail, Guard> {
        self.mails.get(id).filter(|mail| mail.dead_at.is_some()).ok_or(Guard::Lease)
    }
}

fn guard(holds: bool, guard: Guard) -> Applied {
    if holds { Ok(()) } else { Err(guard) }
}

fn insert<R: Row>(table: &mut Table<R>, row: R) -> Applied {
    guard(!table.contains(&row.key()), Guard::Exists)?;
    table.put(row);
    Ok(())
}

fn is_factor(secret: Option<&SealedSecret>, id: &FactorId) -> bool {
    secret.is_some_and(|secret| secret.factor_id == *id)
}
