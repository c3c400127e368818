//! What is over goes, whoever stands in front of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
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
    AuditStore, Change, Changes, Count, CounterStore, CredentialStore, Credentials, Hit,
    KnownDevice, MemoryStore, OutboxDepth, OutboxStore, SessionStore, Store, StoreError,
    TokenStore, UserStore,
};
use usermgmt_core::testkit::{FaultyStore, MockClock};

use crate::fixture::*;

/// Why somebody cannot be deleted.
#[derive(Clone, Copy, Debug)]
enum Why {
    Refused,
    Failed,
    Unavailable,
}

/// A store in memory that does not let everybody go.
#[derive(Clone, Debug)]
struct Keeping {
    inner: Arc<MemoryStore>,
    kept: Arc<Mutex<HashMap<UserId, Why>>>,
}

impl Keeping {
    fn keep(&self, users: &[UserId], why: Why) {
        self.kept.lock().unwrap().extend(users.iter().map(|id| (id.clone(), why)));
    }

    fn why_not(&self, changes: &Changes) -> Option<StoreError> {
        let kept = self.kept.lock().unwrap();
        let why = changes.list().iter().find_map(|change| match change {
            Change::DeleteUser { id, .. } => kept.get(id),
            _ => None,
        })?;
        Some(match why {
            Why::Refused => StoreError::Refused("their invoice is not paid".into()),
            Why::Failed => StoreError::Failed("their row is locked by another table".to_owned()),
            Why::Unavailable => StoreError::unavailable("the network is away"),
        })
    }
}

macro_rules! pass_on {
    ($($trait:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* })*) => {$(
        #[async_trait]
        impl $trait for Keeping {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                self.inner.$name($($arg),*).await
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
}

#[async_trait]
impl Store for Keeping {
    async fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        match self.why_not(changes) {
            Some(why) => Err(why),
            None => self.inner.apply(changes).await,
        }
    }

    async fn purge(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
        self.inner.purge(now, limit).await
    }

    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.clock().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }
}

/// So many people who have not confirmed in time, in the order in which the store
/// lists them.
async fn late(people: usize) -> (World, Keeping, Vec<UserId>) {
    let store = Keeping { inner: Arc::new(MemoryStore::new()), kept: Arc::default() };
    let mut config = config();
    config.limits.enabled = false;
    let faulty = FaultyStore::new(Arc::new(store.clone()));
    let world = World::over(faulty, MockClock::default(), config, SECRET).await;
    for n in 0..people {
        world.register(&format!("ann{n}")).await;
    }
    world.later(30 * DAY);
    let ids = listed(&world).await;
    assert_eq!(ids.len(), people);
    world.store.take_calls();
    (world, store, ids)
}

async fn listed(world: &World) -> Vec<UserId> {
    let users = world.store.unconfirmed_users(world.now(), 1000).await.unwrap();
    users.into_iter().map(|user| user.id).collect()
}

#[tokio::test]
async fn whom_a_host_keeps_is_in_nobodys_way_however_many_they_are() {
    let (world, store, ids) = late(502).await;
    store.keep(&ids[..500], Why::Refused);
    world.auth.purge().await.unwrap();
    assert_eq!(world.store.take_calls().applies, 502, "each is tried once");
    assert_eq!(listed(&world).await, ids[..500]);

    store.kept.lock().unwrap().remove(&ids[499]);
    world.store.take_calls();
    world.auth.purge().await.unwrap();
    assert_eq!(world.store.take_calls().applies, 500, "each is tried once");
    assert_eq!(listed(&world).await, ids[..499]);
}

#[tokio::test]
async fn an_account_that_cannot_be_deleted_keeps_nothing_else_from_going() {
    let (world, store, ids) = late(3).await;
    store.keep(&ids[..1], Why::Failed);
    let removed = world.auth.purge().await.unwrap();
    assert_eq!(listed(&world).await, ids[..1]);
    assert!(removed > 2, "what was theirs goes too, not only {removed} people");
    store.kept.lock().unwrap().clear();
    world.auth.purge().await.unwrap();
    assert_eq!(listed(&world).await, []);
}

#[tokio::test]
async fn nobody_else_is_tried_once_the_store_is_away() {
    let (world, store, ids) = late(3).await;
    store.keep(&ids[..1], Why::Unavailable);
    assert!(is_unavailable(world.auth.purge().await.unwrap_err()));
    assert_eq!(listed(&world).await, ids);
    assert_eq!(world.store.take_calls().applies, 1);
}
