//! A store in memory: for tests, demos, and as the model of the conformance suite.

mod apply;
mod directory;
mod purge;
mod state;
mod table;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;

use self::state::{CounterRow, IdentifierRow, State, UserRow};
use super::{
    AuditStore, Changes, Count, CounterStore, CredentialStore, Credentials, Hit, KnownDevice,
    OutboxDepth, OutboxStore, SET_UP_FAULT, SessionStore, Store, StoreError, TokenStore, UserStore,
};
use crate::clock::Timestamp;
use crate::keys::KeyId;
use crate::model::audit::AuditEntry;
use crate::model::identifier::{Identifier, IdentifierKind};
use crate::model::identity::Identity;
use crate::model::ids::{
    AuditId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId, UserId,
};
use crate::model::mail::{OutboxMail, StoredMail};
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::{Account, User};

/// Keeps everything in memory, and forgets it with its last clone: clones share
/// one state.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state
            .lock()
            .map_err(|_| StoreError::Failed("a call panicked while it held the state".to_owned()))
    }
}

/// What it holds is personal data: it stays out of logs.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn account(&self, id: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.state()?.account(id))
    }

    async fn account_by_identifier(
        &self,
        identifier: &Identifier,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let state = self.state()?;
        let account = state
            .identifiers
            .get(&IdentifierRow::key_of(identifier))
            .filter(|row| row.is_held(now))
            .and_then(|row| state.account(row.user_id.as_ref()?))
            .filter(|account| {
                present(&account.user, identifier.kind()) == Some(identifier.canonical())
            })
            .filter(|account| !is_unconfirmed_too_long(&account.user, now));
        Ok(account)
    }

    async fn is_taken(
        &self,
        identifier: &Identifier,
        except: Option<&UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let state = self.state()?;
        let row = state.identifiers.get(&IdentifierRow::key_of(identifier));
        Ok(row.is_some_and(|row| row.is_taken(except, now)))
    }

    async fn user_with_session(
        &self,
        user: &UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<(User, Option<Session>)>, StoreError> {
        let state = self.state()?;
        let Some(found) = state.user(user) else {
            return Ok(None);
        };
        let session =
            state.sessions.get(&session).filter(|row| row.user_id == *user && now < row.expires_at);
        Ok(Some((found.clone(), session.cloned())))
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, StoreError> {
        let state = self.state()?;
        let users = state.users.after(after).filter_map(UserRow::person);
        Ok(users.take(limit).map(|p| p.user.clone()).collect())
    }

    async fn unconfirmed_users(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<User>, StoreError> {
        let state = self.state()?;
        let users = state.users.rows().filter_map(UserRow::person);
        Ok(users
            .map(|person| &person.user)
            .filter(|user| is_unconfirmed_too_long(user, now))
            .take(limit)
            .cloned()
            .collect())
    }
}

fn present(user: &User, kind: IdentifierKind) -> Option<&str> {
    match kind {
        IdentifierKind::Email => Some(user.email.canonical()),
        IdentifierKind::Username => Some(user.username.canonical()),
        IdentifierKind::Skeleton => None,
    }
}

fn is_unconfirmed_too_long(user: &User, now: Timestamp) -> bool {
    user.unconfirmed_until.is_some_and(|until| until <= now)
}

#[async_trait]
impl CredentialStore for MemoryStore {
    async fn recovery_codes_left(&self, user: &UserId) -> Result<u64, StoreError> {
        let state = self.state()?;
        Ok(state.recovery_codes.of(user).map(|_| 1).sum())
    }

    async fn passkey(&self, id: &PasskeyId) -> Result<Option<Passkey>, StoreError> {
        Ok(self.state()?.passkeys.get(id).cloned())
    }

    async fn passkeys(&self, users: &[UserId]) -> Result<Vec<Passkey>, StoreError> {
        let state = self.state()?;
        let owners: BTreeSet<&UserId> = users.iter().collect();
        let mut found: Vec<Passkey> =
            owners.into_iter().flat_map(|user| state.passkeys.of(user)).cloned().collect();
        found.sort_by(|a, b| {
            (&a.user_id, a.created_at, &a.id).cmp(&(&b.user_id, b.created_at, &b.id))
        });
        Ok(found)
    }

    async fn knows_device(&self, user: &UserId, device: &str) -> Result<KnownDevice, StoreError> {
        let state = self.state()?;
        Ok(KnownDevice {
            this: state.devices.contains(&(user.clone(), device.to_owned())),
            any: state.devices.of(user).next().is_some(),
        })
    }

    async fn devices_used(&self, user: &UserId) -> Result<Vec<Timestamp>, StoreError> {
        let state = self.state()?;
        let mut used: Vec<Timestamp> = state.devices.of(user).map(|row| row.used_at).collect();
        used.sort_by(|a, b| b.cmp(a));
        Ok(used)
    }

    async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
        Ok(self.state()?.identities.get(&(issuer.to_owned(), subject.to_owned())).cloned())
    }

    async fn identities(&self, user: &UserId) -> Result<Vec<Identity>, StoreError> {
        Ok(self.state()?.identities_of(user))
    }

    async fn service_key(&self, id: &ServiceKeyId) -> Result<Option<ServiceKey>, StoreError> {
        Ok(self.state()?.service_keys.get(id).cloned())
    }

    async fn service_keys(
        &self,
        after: Option<&ServiceKeyId>,
        limit: usize,
    ) -> Result<Vec<ServiceKey>, StoreError> {
        let state = self.state()?;
        Ok(state.service_keys.after(after).take(limit).cloned().collect())
    }

    async fn root_keys(&self) -> Result<Vec<(String, String)>, StoreError> {
        let state = self.state()?;
        Ok(state.root_keys.rows().map(|row| (row.id.clone(), row.fingerprint.clone())).collect())
    }

    async fn has_factors_sealed_under(&self, key: KeyId) -> Result<bool, StoreError> {
        let state = self.state()?;
        let mut confirmed = state.factors.rows().filter_map(|row| row.totp.confirmed.as_ref());
        Ok(confirmed.any(|secret| secret.sealed.starts_with(key.as_bytes())))
    }

    async fn credentials(&self, users: &[UserId]) -> Result<Vec<Credentials>, StoreError> {
        let state = self.state()?;
        let ids: BTreeSet<&UserId> = users.iter().collect();
        let found = ids.into_iter().filter_map(|id| state.account(id));
        Ok(found
            .map(|account| Credentials {
                recovery_codes: state
                    .recovery_codes
                    .of(&account.user.id)
                    .map(|row| row.hash.clone())
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
                identities: state.identities_of(&account.user.id),
                user_id: account.user.id,
                password: account.password,
                totp: account.totp,
            })
            .collect())
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        Ok(self.state()?.tokens.get(&id).cloned())
    }

    async fn live_token(
        &self,
        user: &UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        let state = self.state()?;
        Ok(state
            .tokens
            .of(user)
            .filter(|token| token.purpose == purpose && token.is_live(now))
            .max_by_key(|token| (token.created_at, token.id))
            .cloned())
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError> {
        let state = self.state()?;
        let session = state.sessions.get(&id).filter(|row| now < row.expires_at);
        Ok(session.and_then(|row| Some((row.clone(), state.user(&row.user_id)?.clone()))))
    }

    async fn sessions(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let state = self.state()?;
        let mut live: Vec<Session> =
            state.sessions.of(user).filter(|session| now < session.expires_at).cloned().collect();
        live.sort_by_key(|session| std::cmp::Reverse((session.last_seen_at, session.id)));
        Ok(live)
    }
}

#[async_trait]
impl OutboxStore for MemoryStore {
    async fn claim_mail(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let mut state = self.state()?;
        let mut due: Vec<&OutboxMail> = state
            .mails
            .rows()
            .filter(|mail| mail_due_at(mail).is_some_and(|at| at <= now))
            .collect();
        due.sort_by(|a, b| (a.next_attempt_at, &a.id).cmp(&(b.next_attempt_at, &b.id)));
        let due: Vec<OutboxMail> = due.into_iter().take(limit).cloned().collect();
        for mail in &due {
            let (lease, leased_until) = (Some(lease), Some(until));
            state.mails.put(OutboxMail { lease, leased_until, ..mail.clone() });
        }
        state.commit();
        Ok(due.into_iter().map(Ok).collect())
    }

    async fn next_mail_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.state()?.mails.rows().filter_map(mail_due_at).min())
    }

    async fn dead_mail(
        &self,
        after: Option<&MailId>,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let state = self.state()?;
        let dead = state.mails.after(after).filter(|mail| mail.dead_at.is_some());
        Ok(dead.take(limit).cloned().map(Ok).collect())
    }

    async fn mail_of(&self, user: &UserId) -> Result<Vec<StoredMail>, StoreError> {
        let state = self.state()?;
        let theirs = state.mails.rows().filter(|mail| mail.user_id.as_ref() == Some(user));
        Ok(theirs.cloned().map(Ok).collect())
    }

    async fn outbox_depth(&self) -> Result<OutboxDepth, StoreError> {
        let state = self.state()?;
        let mut depth = OutboxDepth::default();
        for mail in state.mails.rows() {
            if mail.dead_at.is_some() {
                depth.dead += 1;
            } else {
                depth.waiting += 1;
                let error = mail.last_error.as_deref();
                if let Some(fault) = error.and_then(|error| error.strip_prefix(SET_UP_FAULT)) {
                    depth.set_up += 1;
                    depth.set_up_fault = Some(fault.to_owned());
                }
                depth.oldest = Some(
                    depth.oldest.map_or(mail.created_at, |oldest| oldest.min(mail.created_at)),
                );
            }
        }
        Ok(depth)
    }
}

/// When a worker may take the mail; never where it was given up.
fn mail_due_at(mail: &OutboxMail) -> Option<Timestamp> {
    match mail.dead_at {
        Some(_) => None,
        None => Some(
            mail.leased_until.map_or(mail.next_attempt_at, |until| until.max(mail.next_attempt_at)),
        ),
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn audit(
        &self,
        user: &UserId,
        after: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.state()?;
        Ok(state.audit.of_after(user, after).take(limit).cloned().collect())
    }

    async fn purge_audit(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        Ok(self.state()?.purge_audit(before, limit))
    }
}

#[async_trait]
impl CounterStore for MemoryStore {
    async fn hit(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Count>, StoreError> {
        let mut state = self.state()?;
        let counts = hits
            .iter()
            .map(|hit| {
                let open = state.counters.get(&hit.key).filter(|row| now < row.resets_at);
                let (count, resets_at) =
                    open.map_or((1, now + hit.window), |row| (row.count + 1, row.resets_at));
                state.counters.put(CounterRow { key: hit.key.clone(), count, resets_at });
                Count { count, resets_at }
            })
            .collect();
        state.commit();
        Ok(counts)
    }

    async fn give_back(&self, keys: &[String]) -> Result<(), StoreError> {
        let mut state = self.state()?;
        for key in keys {
            if let Some(row) = state.counters.get(key).cloned() {
                state.counters.put(CounterRow { count: (row.count - 1).max(0), ..row });
            }
        }
        state.commit();
        Ok(())
    }

    async fn clear_count(&self, key: &str) -> Result<(), StoreError> {
        let mut state = self.state()?;
        state.counters.remove(&key.to_owned());
        state.commit();
        Ok(())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.state()?.apply(changes).map_err(StoreError::Conflict)
    }

    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        Ok(self.state()?.purge(now, limit))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.state().map(drop)
    }
}
