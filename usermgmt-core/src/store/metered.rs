//! A store whose calls are timed and whose failures are counted.

use std::sync::Arc;

use async_trait::async_trait;

use super::directory::{
    AuditFilter, AuditPosition, DirectoryStore, ListedUser, Page, Paged, Summary, UserPosition,
    UserQuery,
};
use super::{
    AuditStore, Changes, Connections, Count, CounterStore, CredentialStore, Credentials, Hit,
    KnownDevice, OutboxDepth, OutboxStore, SessionStore, Store, StoreError, TokenStore, UserStore,
};
use crate::clock::Timestamp;
use crate::keys::KeyId;
use crate::metrics::{Counted, Metrics, Stopwatch, StoreErrorKind, Timed};
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

/// Passes every call on. Only an `Auth` with metrics has one.
#[derive(Clone, Debug)]
pub(crate) struct MeteredStore {
    inner: Arc<dyn Store>,
    metrics: Arc<dyn Metrics>,
}

impl MeteredStore {
    pub(crate) fn new(inner: Arc<dyn Store>, metrics: Arc<dyn Metrics>) -> Self {
        Self { inner, metrics }
    }

    fn tell<T>(&self, call: &'static str, began: Stopwatch, answer: &Result<T, StoreError>) {
        self.metrics.time(Timed::StoreCall(call), began.elapsed());
        match answer {
            // A guard that fails is an answer like any other.
            Ok(_) | Err(StoreError::Conflict(_)) => {}
            Err(StoreError::Unavailable(_)) => {
                self.metrics.count(Counted::StoreError(StoreErrorKind::Unavailable));
            }
            Err(_) => self.metrics.count(Counted::StoreError(StoreErrorKind::Failed)),
        }
    }
}

macro_rules! time_each {
    ($trait:ident: $(
        fn $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;
    )* $(-- $($rest:item)*)?) => {
        #[async_trait]
        impl $trait for MeteredStore {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                let began = Stopwatch::start();
                let answer = self.inner.$name($($arg),*).await;
                self.tell(stringify!($name), began, &answer);
                answer
            })*
            $($($rest)*)?
        }
    };
}

time_each! { UserStore:
    fn account(id: &UserId) -> Option<Account>;
    fn account_by_identifier(identifier: &Identifier, now: Timestamp) -> Option<Account>;
    fn is_taken(identifier: &Identifier, except: Option<&UserId>, now: Timestamp) -> bool;
    fn user_with_session(user: &UserId, session: SessionId, now: Timestamp)
        -> Option<(User, Option<Session>)>;
    fn users(after: Option<&UserId>, limit: usize) -> Vec<User>;
    fn unconfirmed_users(now: Timestamp, limit: usize) -> Vec<User>;
}

time_each! { CredentialStore:
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

time_each! { TokenStore:
    fn token(id: TokenId) -> Option<Token>;
    fn live_token(user: &UserId, purpose: Purpose, now: Timestamp) -> Option<Token>;
}

time_each! { SessionStore:
    fn session(id: SessionId, now: Timestamp) -> Option<(Session, User)>;
    fn sessions(user: &UserId, now: Timestamp) -> Vec<Session>;
}

time_each! { OutboxStore:
    fn claim_mail(lease: LeaseId, now: Timestamp, until: Timestamp, limit: usize)
        -> Vec<StoredMail>;
    fn next_mail_at() -> Option<Timestamp>;
    fn dead_mail(after: Option<&MailId>, limit: usize) -> Vec<StoredMail>;
    fn mail_of(user: &UserId) -> Vec<StoredMail>;
    fn outbox_depth() -> OutboxDepth;
}

time_each! { AuditStore:
    fn audit(user: &UserId, after: Option<&AuditId>, limit: usize) -> Vec<AuditEntry>;
    fn purge_audit(before: Timestamp, limit: usize) -> u64;
}

time_each! { DirectoryStore:
    fn list_users(query: &UserQuery) -> Page<ListedUser, UserPosition>;
    fn listed_user(id: &UserId) -> Option<ListedUser>;
    fn list_audit(filter: &AuditFilter, paged: &Paged<AuditPosition>)
        -> Page<AuditEntry, AuditPosition>;
    fn list_dead_mail(paged: &Paged<MailId>) -> Page<StoredMail, MailId>;
    fn list_service_keys(paged: &Paged<ServiceKeyId>) -> Page<ServiceKey, ServiceKeyId>;
    fn summary(now: Timestamp) -> Summary;
}

time_each! { CounterStore:
    fn hit(hits: &[Hit], now: Timestamp) -> Vec<Count>;
    fn give_back(keys: &[String]) -> ();
    fn clear_count(key: &str) -> ();
}

time_each! { Store:
    fn apply(changes: &Changes) -> ();
    fn purge(now: Timestamp, limit: usize) -> u64;
    fn clock() -> Option<Timestamp>;
    fn ping() -> ();
    --
    fn connections(&self) -> Option<Connections> {
        self.inner.connections()
    }
}
