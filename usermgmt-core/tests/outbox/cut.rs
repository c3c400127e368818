//! The end of a process, at a step of its choice: a store and a mailer that
//! from then on do nothing for it, while the world goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
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
    AuditFilter, AuditPosition, DirectoryStore, ListedUser, Page, Paged, Summary, UserPosition,
    UserQuery,
};
use usermgmt_core::store::{
    AuditStore, Changes, Count, CounterStore, CredentialStore, Credentials, Hit, KnownDevice,
    OutboxDepth, OutboxStore, SessionStore, Store, StoreError, TokenStore, UserStore,
};

/// When a process ends. Clones are of one process.
#[derive(Clone, Debug)]
pub(crate) struct Cut(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicI64,
    reached: Notify,
    pause: Duration,
}

impl Cut {
    /// The process takes this many steps. Each call of the store is two, with
    /// its effect in between, and so is each mail.
    pub(crate) fn after(steps: usize) -> Self {
        Self::new(i64::try_from(steps).unwrap(), Duration::ZERO)
    }

    /// The process does not end, but each step takes this long.
    pub(crate) fn slow(pause: Duration) -> Self {
        Self::new(i64::MAX, pause)
    }

    fn new(left: i64, pause: Duration) -> Self {
        let left = AtomicI64::new(left);
        Self(Arc::new(Inner { left, reached: Notify::new(), pause }))
    }

    /// From now on, so many.
    pub(crate) fn only(&self, steps: usize) {
        self.0.left.store(i64::try_from(steps).unwrap(), Ordering::SeqCst);
    }

    /// Goes on, or never again.
    pub(crate) async fn step(&self) {
        if self.0.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.0.reached.notify_one();
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.0.pause).await;
    }

    /// Does the work until it is done or the process ends; `None` where it does.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.0.reached.notified() => None,
            done = work => Some(done),
        }
    }
}

/// A store as a process sees it that ends at the cut.
#[derive(Clone, Debug)]
pub(crate) struct CutStore {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) cut: Cut,
}

macro_rules! pass_on {
    ($($trait:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait]
        impl $trait for CutStore {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                self.cut.step().await;
                let answer = self.inner.$name($($arg),*).await;
                self.cut.step().await;
                answer
            })*
        }
    )*};
}

pass_on! {
    UserStore {
        fn account(id: &UserId) -> Option<Account>;
        fn account_by_identifier(identifier: &Identifier, now: Timestamp) -> Option<Account>;
        fn is_taken(identifier: &Identifier, except: Option<&UserId>, now: Timestamp) -> bool;
        fn user_with_session(user: &UserId, session: SessionId, now: Timestamp)
            -> Option<(User, Option<Session>)>;
        fn users(after: Option<&UserId>, limit: usize) -> Vec<User>;
        fn unconfirmed_users(now: Timestamp, limit: usize) -> Vec<User>;
    }

    CredentialStore {
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

    TokenStore {
        fn token(id: TokenId) -> Option<Token>;
        fn live_token(user: &UserId, purpose: Purpose, now: Timestamp) -> Option<Token>;
    }

    SessionStore {
        fn session(id: SessionId, now: Timestamp) -> Option<(Session, User)>;
        fn sessions(user: &UserId, now: Timestamp) -> Vec<Session>;
    }

    OutboxStore {
        fn claim_mail(lease: LeaseId, now: Timestamp, until: Timestamp, limit: usize)
            -> Vec<StoredMail>;
        fn next_mail_at() -> Option<Timestamp>;
        fn dead_mail(after: Option<&MailId>, limit: usize) -> Vec<StoredMail>;
        fn mail_of(user: &UserId) -> Vec<StoredMail>;
        fn outbox_depth() -> OutboxDepth;
    }

    AuditStore {
        fn audit(user: &UserId, after: Option<&AuditId>, limit: usize) -> Vec<AuditEntry>;
        fn purge_audit(before: Timestamp, limit: usize) -> u64;
    }
    DirectoryStore {
        fn list_users(query: &UserQuery) -> Page<ListedUser, UserPosition>;
        fn listed_user(id: &UserId) -> Option<ListedUser>;
        fn list_audit(filter: &AuditFilter, paged: &Paged<AuditPosition>)
            -> Page<AuditEntry, AuditPosition>;
        fn list_dead_mail(paged: &Paged<MailId>) -> Page<StoredMail, MailId>;
        fn list_service_keys(paged: &Paged<ServiceKeyId>) -> Page<ServiceKey, ServiceKeyId>;
        fn summary(now: Timestamp) -> Summary;
    }

    CounterStore {
        fn hit(hits: &[Hit], now: Timestamp) -> Vec<Count>;
        fn give_back(keys: &[String]) -> ();
        fn clear_count(key: &str) -> ();
    }

    Store {
        fn apply(changes: &Changes) -> ();
        fn purge(now: Timestamp, limit: usize) -> u64;
        fn clock() -> Option<Timestamp>;
        fn ping() -> ();
    }
}
