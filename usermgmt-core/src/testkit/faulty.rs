//! A store that fails when it is told to, and counts what it is asked.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::keys::KeyId;
use crate::model::audit::AuditEntry;
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
use crate::model::user::{Account, User};
use crate::store::directory::{
    AuditFilter, AuditPosition, DirectoryStore, ListedUser, Page, Paged, Summary, UserPosition,
    UserQuery,
};
use crate::store::{
    AuditStore, Changes, Count, CounterStore, CredentialStore, Credentials, Hit, KnownDevice,
    OutboxDepth, OutboxStore, SessionStore, Store, StoreError, TokenStore, UserStore,
};

/// Passes every call on to another store, counts it, and fails it where a test
/// says so. Clones share one plan and one count.
#[derive(Clone, Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    calls: Fault,
    replies: Fault,
    hangs: bool,
    /// After so many calls.
    meanwhile: Option<(u64, Changes)>,
    refusals: Option<Refusals>,
    counted: Calls,
    applied: Vec<Changes>,
}

/// Why a list of changes is refused, if it is.
type Refusal = dyn Fn(&Changes) -> Option<StoreError> + Send + Sync;

/// Which lists of changes are refused, and with what.
#[derive(Clone)]
struct Refusals(Arc<Refusal>);

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusals")
    }
}

/// After `skip` calls, the next `count` fail.
#[derive(Debug, Default)]
struct Fault {
    skip: u64,
    count: u64,
}

impl Fault {
    fn strikes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= u64::from(self.count > 0);
            return false;
        }
        let strikes = self.count > 0;
        self.count -= u64::from(strikes);
        strikes
    }
}

impl Plan {
    fn written_meanwhile(&mut self) -> Option<Changes> {
        let is_due = |(skip, _): &mut (u64, Changes)| {
            let is_due = *skip == 0;
            *skip = skip.saturating_sub(1);
            is_due
        };
        self.meanwhile.take_if(is_due).map(|(_, changes)| changes)
    }
}

/// What a store was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that read.
    pub reads: u64,
    /// Calls of [`Store::apply`]: each is one round trip or one transaction.
    pub applies: u64,
    /// The changes in those: each is a statement.
    pub changes: u64,
    /// Keys that were counted, given back or cleared.
    pub counters: u64,
    /// Claims of mail, purges, readings of the store's clock, and pings.
    pub upkeep: u64,
}

impl Calls {
    /// The statements of a request, as one number: two requests that must not be
    /// told apart by their cost have the same.
    pub fn statements(&self) -> u64 {
        self.reads + self.changes + self.counters
    }
}

impl FaultyStore {
    /// Wraps a store; nothing fails yet.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, plan: Arc::default() }
    }

    /// The next `count` calls answer [`StoreError::Unavailable`] and do nothing.
    pub fn fail_next(&self, count: u64) {
        self.fail_after(0, count);
    }

    /// After `skip` more calls, `count` calls answer [`StoreError::Unavailable`]
    /// and do nothing.
    pub fn fail_after(&self, skip: u64, count: u64) {
        self.plan().calls = Fault { skip, count };
    }

    /// The next `count` lists of changes are applied and the answer is lost:
    /// [`StoreError::Unavailable`].
    pub fn lose_next_replies(&self, count: u64) {
        self.lose_replies_after(0, count);
    }

    /// After `skip` more lists of changes, `count` lists are applied and the
    /// answer is lost. A list whose guard failed had nothing to lose and counts too.
    pub fn lose_replies_after(&self, skip: u64, count: u64) {
        self.plan().replies = Fault { skip, count };
    }

    /// After `skip` more calls, and before the next one, these changes are applied, as
    /// by another process. They are not counted.
    pub fn meanwhile(&self, skip: u64, changes: Changes) {
        self.plan().meanwhile = Some((skip, changes));
    }

    /// Lists of changes for which `why` has an error answer with that and do nothing, as
    /// where a host's own rows are refused.
    pub fn refuse(&self, why: impl Fn(&Changes) -> Option<StoreError> + Send + Sync + 'static) {
        self.plan().refusals = Some(Refusals(Arc::new(why)));
    }

    /// No call answers any more, as when the network to a database is cut.
    pub fn hang(&self) {
        self.plan().hangs = true;
    }

    /// Nothing fails, is refused or hangs any more, but for the calls that hang already.
    pub fn heal(&self) {
        let mut plan = self.plan();
        plan.hangs = false;
        plan.calls = Fault::default();
        plan.replies = Fault::default();
        plan.refusals = None;
    }

    /// What was asked since the last [`FaultyStore::take_calls`].
    pub fn calls(&self) -> Calls {
        self.plan().counted
    }

    /// What was asked since the last time this was called.
    pub fn take_calls(&self) -> Calls {
        std::mem::take(&mut self.plan().counted)
    }

    /// The lists of changes that were passed on since the last time this was
    /// called, those included whose guard failed.
    pub fn take_applied(&self) -> Vec<Changes> {
        std::mem::take(&mut self.plan().applied)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        // A test that panicked elsewhere is no reason to hide what was counted.
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn begin(&self, count: impl FnOnce(&mut Calls)) -> Result<(), StoreError> {
        let (strikes, hangs, meanwhile) = {
            let mut plan = self.plan();
            count(&mut plan.counted);
            (plan.calls.strikes(), plan.hangs, plan.written_meanwhile())
        };
        if let Some(changes) = meanwhile {
            self.inner.apply(&changes).await?;
        }
        if hangs {
            std::future::pending::<()>().await;
        }
        if strikes {
            return Err(StoreError::unavailable("told to fail"));
        }
        Ok(())
    }
}

fn as_count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

macro_rules! pass_on {
    ($trait:ident, $kind:ident: $(
        fn $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;
    )*) => {
        #[async_trait]
        impl $trait for FaultyStore {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                self.begin(|calls| calls.$kind += 1).await?;
                self.inner.$name($($arg),*).await
            })*
        }
    };
}

pass_on! { UserStore, reads:
    fn account(id: &UserId) -> Option<Account>;
    fn account_by_identifier(identifier: &Identifier, now: Timestamp) -> Option<Account>;
    fn is_taken(identifier: &Identifier, except: Option<&UserId>, now: Timestamp) -> bool;
    fn user_with_session(user: &UserId, session: SessionId, now: Timestamp)
        -> Option<(User, Option<Session>)>;
    fn users(after: Option<&UserId>, limit: usize) -> Vec<User>;
    fn unconfirmed_users(now: Timestamp, limit: usize) -> Vec<User>;
}

pass_on! { CredentialStore, reads:
    fn recovery_codes_left(user: &UserId) -> u64;
    fn passkey(id: &PasskeyId) -> Option<Passkey>;
    fn passkeys(users: &[UserId]) -> Vec<Passkey>;
    fn knows_device(user: &UserId, device: &str) -> KnownDevice;
    fn devices_used(user: &UserId) -> Vec<Timestamp>;
    fn identity(issuer: &str, subject: &str) -> Option<Identity>;
    fn identities(user: &UserId) -> Vec<Identity>;
    fn service_key(id: &ServiceKeyId) -> Option<ServiceKey>;
    fn service_keys(after: Option<&ServiceKeyId>, limit: usize) -> Vec<ServiceKey>;
    fn root_keys() -> Vec<(String, String)>;
    fn has_factors_sealed_under(key: KeyId) -> bool;
    fn credentials(users: &[UserId]) -> Vec<Credentials>;
}

pass_on! { TokenStore, reads:
    fn token(id: TokenId) -> Option<Token>;
    fn live_token(user: &UserId, purpose: Purpose, now: Timestamp) -> Option<Token>;
}

pass_on! { SessionStore, reads:
    fn session(id: SessionId, now: Timestamp) -> Option<(Session, User)>;
    fn sessions(user: &UserId, now: Timestamp) -> Vec<Session>;
}

#[async_trait]
impl AuditStore for FaultyStore {
    async fn audit(
        &self,
        user: &UserId,
        after: Option<&AuditId>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.begin(|calls| calls.reads += 1).await?;
        self.inner.audit(user, after, limit).await
    }

    async fn purge_audit(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.begin(|calls| calls.upkeep += 1).await?;
        self.inner.purge_audit(before, limit).await
    }
}

pass_on! { DirectoryStore, reads:
    fn list_users(query: &UserQuery) -> Page<ListedUser, UserPosition>;
    fn listed_user(id: &UserId) -> Option<ListedUser>;
    fn list_audit(filter: &AuditFilter, paged: &Paged<AuditPosition>)
        -> Page<AuditEntry, AuditPosition>;
    fn list_dead_mail(paged: &Paged<MailId>) -> Page<StoredMail, MailId>;
    fn list_service_keys(paged: &Paged<ServiceKeyId>) -> Page<ServiceKey, ServiceKeyId>;
    fn summary(now: Timestamp) -> Summary;
}

#[async_trait]
impl OutboxStore for FaultyStore {
    async fn claim_mail(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        self.begin(|calls| calls.upkeep += 1).await?;
        self.inner.claim_mail(lease, now, until, limit).await
    }

    async fn next_mail_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.begin(|calls| calls.reads += 1).await?;
        self.inner.next_mail_at().await
    }

    async fn dead_mail(
        &self,
        after: Option<&MailId>,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        self.begin(|calls| calls.reads += 1).await?;
        self.inner.dead_mail(after, limit).await
    }

    async fn mail_of(&self, user: &UserId) -> Result<Vec<StoredMail>, StoreError> {
        self.begin(|calls| calls.reads += 1).await?;
        self.inner.mail_of(user).await
    }

    async fn outbox_depth(&self) -> Result<OutboxDepth, StoreError> {
        self.begin(|calls| calls.reads += 1).await?;
        self.inner.outbox_depth().await
    }
}

#[async_trait]
impl CounterStore for FaultyStore {
    async fn hit(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Count>, StoreError> {
        self.begin(|calls| calls.counters += as_count(hits.len())).await?;
        self.inner.hit(hits, now).await
    }

    async fn give_back(&self, keys: &[String]) -> Result<(), StoreError> {
        self.begin(|calls| calls.counters += as_count(keys.len())).await?;
        self.inner.give_back(keys).await
    }

    async fn clear_count(&self, key: &str) -> Result<(), StoreError> {
        self.begin(|calls| calls.counters += 1).await?;
        self.inner.clear_count(key).await
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.begin(|calls| {
            calls.applies += 1;
            calls.changes += as_count(changes.list().len());
        })
        .await?;
        let refusals = self.plan().refusals.clone();
        if let Some(error) = refusals.and_then(|Refusals(why)| why(changes)) {
            return Err(error);
        }
        self.plan().applied.push(changes.clone());
        let answer = self.inner.apply(changes).await;
        if self.plan().replies.strikes() {
            return answer.and(Err(StoreError::unavailable("the answer was lost")));
        }
        answer
    }

    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.begin(|calls| calls.upkeep += 1).await?;
        self.inner.purge(now, limit).await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        self.begin(|calls| calls.upkeep += 1).await?;
        self.inner.clock().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.begin(|calls| calls.upkeep += 1).await?;
        self.inner.ping().await
    }
}
