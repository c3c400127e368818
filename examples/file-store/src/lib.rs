//! A store of one's own, small enough to read in one sitting: everything is in
//! memory, and every write goes to a journal file first, from which the next
//! start reads it back.
//!
//! One process uses the file. It grows with every write; a store for more than
//! a demonstration would write the present state anew from time to time.
//! `docs/store-guide.md` goes through it.

mod journal;

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::keys::KeyId;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::identifier::Identifier;
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::{
    AuditId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId, UserId,
};
use usermgmt_core::model::mail::StoredMail;
use usermgmt_core::model::passkey::Passkey;
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::model::session::Session;
use usermgmt_core::model::token::{Purpose, Token};
use usermgmt_core::model::user::{Account, User};
use usermgmt_core::store::directory::{
    AuditFilter, AuditPosition, ListedUser, Page, Paged, Summary, UserPosition, UserQuery,
};
use usermgmt_core::store::{
    AuditStore, Changes, Count, CounterStore, CredentialStore, Credentials, DirectoryStore, Hit,
    KnownDevice, MemoryStore, OutboxDepth, OutboxStore, SessionStore, Store, StoreError,
    TokenStore, UserStore,
};

use self::journal::Journal;

/// Accounts in memory and in a journal file.
#[derive(Clone, Debug)]
pub struct FileStore {
    memory: MemoryStore,
    journal: Arc<Mutex<Journal>>,
}

/// A line of the journal: a write as it was asked for. Writes are decided by
/// nothing but what was written before, so the same lines lead to the same state.
#[derive(Serialize, Deserialize)]
enum Line {
    Apply(Changes),
    Hit(Vec<Hit>, Timestamp),
    GiveBack(Vec<String>),
    ClearCount(String),
    ClaimMail { lease: LeaseId, now: Timestamp, until: Timestamp, limit: usize },
    Purge(Timestamp, usize),
    PurgeAudit(Timestamp, usize),
}

impl FileStore {
    /// Opens the journal, or begins one.
    ///
    /// # Errors
    /// Where the file cannot be read or written, or a line but the last is not one.
    pub async fn open(path: &Path) -> io::Result<Self> {
        let memory = MemoryStore::default();
        let mut whole = 0;
        if path.exists() {
            let mut lines = BufReader::new(File::open(path)?);
            let mut text = String::new();
            while lines.read_line(&mut text)? > 0 {
                // A crash can leave half of a last line, which nobody was answered for.
                if !text.ends_with('\n') {
                    break;
                }
                let line = serde_json::from_str(&text).map_err(io::Error::other)?;
                // What was refused then is refused again.
                let _ = replay(&memory, line).await;
                whole += text.len() as u64;
                text.clear();
            }
        }
        let journal = Journal::open(path, whole)?;
        Ok(Self { memory, journal: Arc::new(Mutex::new(journal)) })
    }

    /// Writes the line down and then does what it says, one write after the other.
    ///
    /// In a task of its own: a caller who stops waiting must not leave a write in
    /// the file that is not in memory.
    async fn write<T: Send + 'static>(
        &self,
        line: Line,
        result: impl FnOnce(Outcome) -> Option<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let writing = tokio::spawn(async move {
            let mut journal = store.journal.lock().await;
            let mut text = serde_json::to_vec(&line).map_err(|e| failed(&e))?;
            text.push(b'\n');
            journal.append(&text).map_err(StoreError::unavailable)?;
            let outcome = replay(&store.memory, line).await?;
            result(outcome).ok_or_else(|| failed(&"a write had another outcome than its kind has"))
        });
        writing.await.map_err(|e| failed(&e))?
    }
}

fn failed(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Failed(error.to_string())
}

/// What came of a line.
enum Outcome {
    Done,
    Counts(Vec<Count>),
    Mail(Vec<StoredMail>),
    Rows(u64),
}

async fn replay(memory: &MemoryStore, line: Line) -> Result<Outcome, StoreError> {
    Ok(match line {
        Line::Apply(changes) => memory.apply(&changes).await.map(|()| Outcome::Done)?,
        Line::Hit(hits, now) => Outcome::Counts(memory.hit(&hits, now).await?),
        Line::GiveBack(keys) => memory.give_back(&keys).await.map(|()| Outcome::Done)?,
        Line::ClearCount(key) => memory.clear_count(&key).await.map(|()| Outcome::Done)?,
        Line::ClaimMail { lease, now, until, limit } => {
            Outcome::Mail(memory.claim_mail(lease, now, until, limit).await?)
        }
        Line::Purge(now, limit) => Outcome::Rows(memory.purge(now, limit).await?),
        Line::PurgeAudit(before, limit) => Outcome::Rows(memory.purge_audit(before, limit).await?),
    })
}

fn rows(outcome: Outcome) -> Option<u64> {
    if let Outcome::Rows(rows) = outcome { Some(rows) } else { None }
}

fn done(outcome: Outcome) -> Option<()> {
    matches!(outcome, Outcome::Done).then_some(())
}

#[async_trait]
impl Store for FileStore {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.write(Line::Apply(changes.clone()), done).await
    }

    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.write(Line::Purge(now, limit), rows).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.journal.lock().await.check().map_err(StoreError::unavailable)
    }
}

#[async_trait]
impl CounterStore for FileStore {
    async fn hit(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Count>, StoreError> {
        let counts = |outcome| if let Outcome::Counts(all) = outcome { Some(all) } else { None };
        self.write(Line::Hit(hits.to_vec(), now), counts).await
    }

    async fn give_back(&self, keys: &[String]) -> Result<(), StoreError> {
        self.write(Line::GiveBack(keys.to_vec()), done).await
    }

    async fn clear_count(&self, key: &str) -> Result<(), StoreError> {
        self.write(Line::ClearCount(key.to_owned()), done).await
    }
}

#[async_trait]
impl OutboxStore for FileStore {
    async fn claim_mail(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let mail = |outcome| if let Outcome::Mail(mail) = outcome { Some(mail) } else { None };
        self.write(Line::ClaimMail { lease, now, until, limit }, mail).await
    }

    async fn next_mail_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.memory.next_mail_at().await
    }

    async fn dead_mail(
        &self,
        after: Option<&MailId>,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        self.memory.dead_mail(after, limit).await
    }

    async fn mail_of(&self, user: &UserId) -> Result<Vec<StoredMail>, StoreError> {
        self.memory.mail_of(user).await
    }

    async fn outbox_depth(&self) -> Result<OutboxDepth, StoreError> {
        self.memory.outbox_depth().await
    }
}

#[async_trait]
impl UserStore for FileStore {
    async fn account(&self, id: &UserId) -> Result<Option<Account>, StoreError> {
        self.memory.account(id).await
    }

    async fn account_by_identifier(
        &self,
        identifier: &Identifier,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        self.memory.account_by_identifier(identifier, now).await
    }

    async fn is_taken(
        &self,
        identifier: &Identifier,
        except: Option<&UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.memory.is_taken(identifier, except, now).await
    }

    async fn user_with_session(
        &self,
        user: &UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<(User, Option<Session>)>, StoreError> {
        self.memory.user_with_session(user, session, now).await
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, StoreError> {
        self.memory.users(after, limit).await
    }

    async fn unconfirmed_users(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<User>, StoreError> {
        self.memory.unconfirmed_users(now, limit).await
    }
}

#[async_trait]
impl CredentialStore for FileStore {
    async fn recovery_codes_left(&self, user: &UserId) -> Result<u64, StoreError> {
        self.memory.recovery_codes_left(user).await
    }

    async fn passkey(&self, id: &PasskeyId) -> Result<Option<Passkey>, StoreError> {
        self.memory.passkey(id).await
    }

    async fn passkeys(&self, users: &[UserId]) -> Result<Vec<Passkey>, StoreError> {
        self.memory.passkeys(users).await
    }

    async fn knows_device(&self, user: &UserId, device: &str) -> Result<KnownDevice, StoreError> {
        self.memory.knows_device(user, device).await
    }

    async fn devices_used(&self, user: &UserId) -> Result<Vec<Timestamp>, StoreError> {
        self.memory.devices_used(user).await
    }

    async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
        self.memory.identity(issuer, subject).await
    }

    async fn identities(&self, user: &UserId) -> Result<Vec<Identity>, StoreError> {
        self.memory.identities(user).await
    }

    async fn service_key(&self, id: &ServiceKeyId) -> Result<Option<ServiceKey>, StoreError> {
        self.memory.service_key(id).await
    }

    async fn service_keys(
        &self,
        after: Option<&ServiceKeyId>,
        limit: usize,
    ) -> Result<Vec<ServiceKey>, StoreError> {
        self.memory.service_keys(after, limit).await
    }

    async fn root_keys(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.memory.root_keys().await
    }

    async fn has_factors_sealed_under(&self, key: KeyId) -> Result<bool, StoreError> {
        self.memory.has_factors_sealed_under(key).await
    }

    async fn credentials(&self, users: &[UserId]) -> Result<Vec<Credentials>, StoreError> {
        self.memory.credentials(users).await
    }
}

#[async_trait]
impl TokenStore for FileStore {
    async fn token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        self.memory.token(id).await
    }

    async fn live_token(
        &self,
        user: &UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        self.memory.live_token(user, purpose, now).await
    }
}

#[async_trait]
impl SessionStore for FileStore {
    async fn session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.memory.session(id, now).await
    }

    async fn sessions(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.memory.sessions(user, now).await
    }
}

#[async_trait]
impl AuditStore for FileStore {
    async fn audit(
        &self,
        user: &UserId,
        after: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.memory.audit(user, after, limit).await
    }

    async fn purge_audit(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.write(Line::PurgeAudit(before, limit), rows).await
    }
}

#[async_trait]
impl DirectoryStore for FileStore {
    async fn list_users(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        self.memory.list_users(query).await
    }

    async fn listed_user(&self, id: &UserId) -> Result<Option<ListedUser>, StoreError> {
        self.memory.listed_user(id).await
    }

    async fn list_audit(
        &self,
        filter: &AuditFilter,
        paged: &Paged<AuditPosition>,
    ) -> Result<Page<AuditEntry, AuditPosition>, StoreError> {
        self.memory.list_audit(filter, paged).await
    }

    async fn list_dead_mail(
        &self,
        paged: &Paged<MailId>,
    ) -> Result<Page<StoredMail, MailId>, StoreError> {
        self.memory.list_dead_mail(paged).await
    }

    async fn list_service_keys(
        &self,
        paged: &Paged<ServiceKeyId>,
    ) -> Result<Page<ServiceKey, ServiceKeyId>, StoreError> {
        self.memory.list_service_keys(paged).await
    }

    async fn summary(&self, now: Timestamp) -> Result<Summary, StoreError> {
        self.memory.summary(now).await
    }
}
