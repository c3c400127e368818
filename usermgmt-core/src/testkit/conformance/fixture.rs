//! What every test of the suite uses: rows to write, and checked writes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::scope::Scope;
use super::show::same;
use super::snapshot::{Snapshot, same_reads, snapshot};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::factor::SealedSecret;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::{
    AuditId, FactorId, LeaseId, MailId, ServiceKeyId, SessionId, TokenId, UserId,
};
use crate::model::mail::{MailKind, OutboxMail, StoredMail};
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::{Account, PasswordHash, Role, User};
use crate::store::{Change, Changes, Guard, Store, StoreError};
use crate::testkit::SeededRng;

/// The present of every test: 2026-01-31T08:00:00.123Z.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_123);

/// Before everything a test writes, so that a read at this time finds nothing expired.
pub(super) const EARLY: Timestamp = Timestamp::from_millis(0);

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// The store under test and what a test needs around it.
pub(super) struct Fixture {
    pub(super) store: Arc<dyn Store>,
    pub(super) rng: SeededRng,
    scope: Mutex<Scope>,
}

impl Fixture {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self::seeded(store, 1)
    }

    pub(super) fn seeded(store: Arc<dyn Store>, seed: u64) -> Self {
        Self { store, rng: SeededRng::new(seed), scope: Mutex::default() }
    }

    pub(super) fn list(&self, list: impl Into<Vec<Change>>) -> Changes {
        let changes = Changes::new(list.into(), NOW, &self.rng);
        self.scope.lock().unwrap_or_else(PoisonError::into_inner).extend(changes.list());
        changes
    }

    /// Applies the list; its guards hold.
    #[track_caller]
    pub(super) fn applied(&self, list: impl Into<Vec<Change>>) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        let changes = self.list(list);
        async move {
            if let Err(error) = self.store.apply(&changes).await {
                panic!("{at}: refused with {error:?}: {:#?}", changes.list());
            }
        }
    }

    /// Applies the list, whose guard does not hold; nothing that can be read changes.
    #[track_caller]
    pub(super) fn refused(
        &self,
        guard: Guard,
        list: impl Into<Vec<Change>>,
    ) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        let changes = self.list(list);
        async move {
            let before = self.everything(EARLY).await;
            match self.store.apply(&changes).await {
                Err(StoreError::Conflict(found)) if found == guard => {}
                other => panic!(
                    "{at}: expected Conflict({guard:?}), found {other:?} for {:#?}",
                    changes.list()
                ),
            }
            let after = self.everything(EARLY).await;
            same_reads(&format!("{at}: after a list that failed with {guard:?}"), &after, &before);
        }
    }

    /// Everything about what the test's changes have named so far, as it reads at this time.
    pub(super) async fn everything(&self, now: Timestamp) -> Snapshot {
        let scope = self.scope.lock().unwrap_or_else(PoisonError::into_inner).clone();
        snapshot(self.store.as_ref(), &scope, now).await
    }

    /// Adds a user who holds their name and address for good.
    pub(super) async fn add_user(&self, name: &str) -> User {
        let user = self.user(name);
        self.applied(registration(&user, None)).await;
        user
    }

    /// The account, which is there.
    #[track_caller]
    pub(super) fn account(&self, id: &UserId) -> impl Future<Output = Account> {
        let at = std::panic::Location::caller();
        let (store, id) = (Arc::clone(&self.store), id.clone());
        async move {
            match store.account(&id).await {
                Ok(Some(account)) => account,
                other => panic!("{at}: expected the account {id}, found {other:?}"),
            }
        }
    }

    /// The token's row is this.
    #[track_caller]
    pub(super) fn token_is(&self, expected: &Token) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        let (store, expected) = (Arc::clone(&self.store), expected.clone());
        async move {
            let found = read(store.token(expected.id).await);
            same(&format!("{at}: the token"), &found, &Some(expected));
        }
    }

    /// The session's row is this.
    #[track_caller]
    pub(super) fn session_is(&self, expected: &Session) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        let (store, expected) = (Arc::clone(&self.store), expected.clone());
        async move {
            let found = read(store.session(expected.id, EARLY).await).map(|(session, _)| session);
            same(&format!("{at}: the session"), &found, &Some(expected));
        }
    }

    /// Takes whatever mail is due at that time, for a minute.
    pub(super) async fn claim(&self, now: Timestamp, limit: usize) -> (LeaseId, Vec<OutboxMail>) {
        let lease = LeaseId::generate(&self.rng);
        let until = now + Duration::from_secs(60);
        let mails = readable(self.store.claim_mail(lease, now, until, limit).await);
        (lease, mails)
    }

    pub(super) fn user(&self, name: &str) -> User {
        User {
            id: UserId::generate(NOW, &self.rng),
            username: username(name),
            email: email(&format!("{name}@example.com")),
            email_confirmed_at: Some(NOW),
            unconfirmed_until: None,
            first_name: None,
            last_name: None,
            gender: None,
            role: Role::User,
            locale: None,
            disabled_at: None,
            created_at: NOW,
            updated_at: NOW,
            epoch: 0,
        }
    }

    pub(super) fn token(&self, user: &UserId, purpose: Purpose) -> Token {
        Token {
            id: TokenId::generate(&self.rng),
            user_id: Some(user.clone()),
            purpose,
            binding: None,
            created_at: NOW,
            expires_at: NOW + HOUR,
            used_at: None,
            code_issue: 0,
            code_expires_at: None,
        }
    }

    pub(super) fn session(&self, user: &UserId) -> Session {
        Session {
            id: SessionId::generate(&self.rng),
            user_id: user.clone(),
            generation: 0,
            rotated_at: None,
            created_at: NOW,
            last_seen_at: NOW,
            expires_at: NOW + 30 * DAY,
            max_expires_at: NOW + 90 * DAY,
            auth_time: NOW,
            amr: vec!["pwd".to_owned()],
            ip: Some(IpAddr::from([192, 0, 2, 1])),
            user_agent: Some("suite/1".to_owned()),
        }
    }

    pub(super) fn secret(&self) -> SealedSecret {
        SealedSecret {
            factor_id: FactorId::generate(NOW, &self.rng),
            sealed: crate::rng::random::<72>(&self.rng).to_vec(),
            created_at: NOW,
        }
    }

    pub(super) fn mail(&self, user: Option<&UserId>) -> OutboxMail {
        OutboxMail {
            id: MailId::generate(NOW, &self.rng),
            kind: MailKind::PasswordChanged,
            user_id: user.cloned(),
            recipient: email("somebody@example.com"),
            locale: None,
            tokens: Vec::new(),
            params: BTreeMap::new(),
            created_at: NOW,
            next_attempt_at: NOW,
            attempts: 0,
            last_error: None,
            dead_at: None,
            lease: None,
            leased_until: None,
        }
    }

    pub(super) fn service_key(&self, name: &str) -> ServiceKey {
        ServiceKey {
            id: ServiceKeyId::generate(NOW, &self.rng),
            name: name.to_owned(),
            hash: "ab".repeat(32),
            allow_admin: false,
            created_at: NOW,
            last_used_at: None,
            revoked_at: None,
        }
    }

    pub(super) fn audit_entry(&self, user: Option<&UserId>, action: &str) -> AuditEntry {
        AuditEntry {
            id: AuditId::generate(NOW, &self.rng),
            at: NOW,
            user_id: user.cloned(),
            action: action.to_owned(),
            detail: Vec::new(),
        }
    }
}

/// The answer of a read, which the store owes.
#[track_caller]
pub(super) fn read<T>(answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("a read failed: {error:?}"))
}

/// The mails, all of which can be read.
#[track_caller]
pub(super) fn readable(answer: Result<Vec<StoredMail>, StoreError>) -> Vec<OutboxMail> {
    let readable = |mail: StoredMail| mail.unwrap_or_else(|mail| panic!("unreadable: {mail:?}"));
    read(answer).into_iter().map(readable).collect()
}

/// The user with the claims on name and address that come with it.
pub(super) fn registration(user: &User, password: Option<&str>) -> Vec<Change> {
    vec![
        insert_user(user, password),
        claim(&Identifier::email(&user.email), Some(&user.id), None),
        claim(&Identifier::username(&user.username), Some(&user.id), None),
    ]
}

pub(super) fn insert_user(user: &User, password: Option<&str>) -> Change {
    Change::InsertUser {
        user: Box::new(user.clone()),
        password: password.map(|text| PasswordHash::from_stored(text.to_owned())),
    }
}

pub(super) fn claim(
    identifier: &Identifier,
    user: Option<&UserId>,
    until: Option<Timestamp>,
) -> Change {
    Change::ClaimIdentifier {
        identifier: identifier.clone(),
        user_id: user.cloned(),
        until,
        now: NOW,
    }
}

/// A list of this one fails at its last place with [`Guard::Exists`], whatever
/// comes before.
pub(super) fn audit_twice(entry: &AuditEntry) -> [Change; 2] {
    [Change::InsertAudit(entry.clone()), Change::InsertAudit(entry.clone())]
}

/// A name as it is, canonical form and all, valid or not: what a store keeps is
/// not its business.
pub(super) fn username(text: &str) -> Username {
    Username::from_stored(text.to_owned(), text.to_owned())
}

/// An address as it is.
pub(super) fn email(text: &str) -> Email {
    Email::from_stored(text.to_owned(), text.to_owned())
}

pub(super) fn email_id(canonical: &str) -> Identifier {
    Identifier::from_stored(IdentifierKind::Email, canonical.to_owned())
}

pub(super) fn username_id(canonical: &str) -> Identifier {
    Identifier::from_stored(IdentifierKind::Username, canonical.to_owned())
}

pub(super) fn user_id(text: &str) -> UserId {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is a user's id"))
}
