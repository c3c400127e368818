//! What every test of the suite uses: rows to write, and checked writes.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(super) use super::answer::{read, readable};
use super::scope::Scope;
use super::show::{numbered, same};
use super::snapshot::{Snapshot, same_reads, snapshot};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::identifier::{Email, Identifier, IdentifierKind, Username};
use crate::model::ids::{LeaseId, UserId};
use crate::model::mail::OutboxMail;
use crate::model::session::Session;
use crate::model::token::Token;
use crate::model::user::{Account, PasswordHash, User};
use crate::store::{Change, Changes, Guard, Store, StoreError};
use crate::testkit::{SampleRows, SeededRng};

/// The present of every test.
pub(super) const NOW: Timestamp = SampleRows::NOW;

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
    rows: SampleRows,
    scope: Mutex<Scope>,
}

impl Fixture {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self::seeded(store, 1)
    }

    pub(super) fn seeded(store: Arc<dyn Store>, seed: u64) -> Self {
        let rows = SampleRows::new(seed);
        Self { store, rng: rows.rng().clone(), rows, scope: Mutex::default() }
    }

    pub(super) fn list(&self, list: impl Into<Vec<Change>>) -> Changes {
        let changes = self.rows.commit(list);
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
                panic!(
                    "{at}: all guards of this list hold, but the store answered\n  {error:?}\nto\n{}",
                    numbered(changes.list())
                );
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
                    "{at}: a guard of this list does not hold (see the documentation of \
                     `Change`): the answer is to be\n  Err(Conflict({guard:?}))\nand not\n  \
                     {other:?}\nto\n{}",
                    numbered(changes.list())
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
        self.applied(self.registration(&user, None)).await;
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
}

/// Rows are made as by whoever tests a store of their own.
impl Deref for Fixture {
    type Target = SampleRows;

    fn deref(&self) -> &SampleRows {
        &self.rows
    }
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

pub(super) fn skeleton_id(canonical: &str) -> Identifier {
    Identifier::from_stored(IdentifierKind::Skeleton, canonical.to_owned())
}

pub(super) fn user_id(text: &str) -> UserId {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is a user's id"))
}
