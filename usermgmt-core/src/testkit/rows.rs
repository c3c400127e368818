//! Rows as working accounts have them, for whoever tests a store.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::SeededRng;
use crate::clock::Timestamp;
use crate::model::audit::{AuditEntry, Origin};
use crate::model::factor::SealedSecret;
use crate::model::identifier::{Email, Identifier, Username};
use crate::model::identity::Identity;
use crate::model::ids::{
    AuditId, FactorId, IdentityId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId, UserId,
};
use crate::model::mail::{MailKind, OutboxMail};
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::{PasswordHash, Role, User};
use crate::store::{Change, Changes};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Sample rows: a user, a session, a token and so on, each as the flows would
/// write it at [`SampleRows::NOW`]. Change the fields that a test is about.
///
/// Ids come from a seed: the same seed makes the same rows.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use usermgmt_core::store::{Change, MemoryStore, SessionStore as _, Store as _, UserStore as _};
/// use usermgmt_core::testkit::SampleRows;
///
/// let store = MemoryStore::new(); // yours
/// let rows = SampleRows::new(1);
/// let ann = rows.user("ann");
/// let session = rows.session(&ann.id);
///
/// let mut list = rows.registration(&ann, Some("$argon2id$…"));
/// list.push(Change::InsertSession(Box::new(session.clone())));
/// store.apply(&rows.commit(list)).await?;
///
/// let account = store.account(&ann.id).await?.expect("Ann is there");
/// assert_eq!(account.user, ann);
/// let (found, _) = store.session(session.id, SampleRows::NOW).await?.expect("her session too");
/// assert_eq!(found, session);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SampleRows {
    rng: SeededRng,
}

impl SampleRows {
    /// The present of all rows: 2026-01-31T08:00:00.123Z.
    pub const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_123);

    /// Rows whose ids follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self { rng: SeededRng::new(seed) }
    }

    /// The randomness that the ids come from.
    pub fn rng(&self) -> &SeededRng {
        &self.rng
    }

    /// The changes as one commit of its own.
    pub fn commit(&self, list: impl Into<Vec<Change>>) -> Changes {
        Changes::new(list.into(), Self::NOW, &self.rng)
    }

    /// A confirmed user of that name, whose address is `NAME@example.com`.
    pub fn user(&self, name: &str) -> User {
        let address = format!("{name}@example.com");
        User {
            id: UserId::generate(Self::NOW, &self.rng),
            username: Username::from_stored(name.to_owned(), name.to_owned()),
            email: Email::from_stored(address.clone(), address),
            email_confirmed_at: Some(Self::NOW),
            unconfirmed_until: None,
            first_name: None,
            last_name: None,
            gender: None,
            role: Role::User,
            locale: None,
            disabled_at: None,
            created_at: Self::NOW,
            updated_at: Self::NOW,
            epoch: 0,
        }
    }

    /// The changes that add a user: the row, with that password hash, and the
    /// claims on address and name.
    pub fn registration(&self, user: &User, password: Option<&str>) -> Vec<Change> {
        let claim = |identifier| Change::ClaimIdentifier {
            identifier,
            user_id: Some(user.id.clone()),
            until: None,
            now: Self::NOW,
        };
        vec![
            Change::InsertUser {
                user: Box::new(user.clone()),
                password: password.map(|text| PasswordHash::from_stored(text.to_owned())),
            },
            claim(Identifier::email(&user.email)),
            claim(Identifier::username(&user.username)),
        ]
    }

    /// An unused token that is good for an hour.
    pub fn token(&self, user: &UserId, purpose: Purpose) -> Token {
        Token {
            id: TokenId::generate(&self.rng),
            user_id: Some(user.clone()),
            purpose,
            binding: None,
            created_at: Self::NOW,
            expires_at: Self::NOW + HOUR,
            used_at: None,
            code_issue: 0,
            code_expires_at: None,
        }
    }

    /// A session of its first generation: 30 days idle, 90 days at most.
    pub fn session(&self, user: &UserId) -> Session {
        Session {
            id: SessionId::generate(&self.rng),
            user_id: user.clone(),
            generation: 0,
            rotated_at: None,
            received: None,
            received_at: None,
            replayed: None,
            replays: 0,
            created_at: Self::NOW,
            last_seen_at: Self::NOW,
            expires_at: Self::NOW + 30 * DAY,
            max_expires_at: Self::NOW + 90 * DAY,
            auth_time: Self::NOW,
            amr: vec!["pwd".to_owned()],
            ip: Some(IpAddr::from([192, 0, 2, 1])),
            user_agent: Some("suite/1".to_owned()),
        }
    }

    /// The sealed secret of a second factor.
    pub fn secret(&self) -> SealedSecret {
        SealedSecret {
            factor_id: FactorId::generate(Self::NOW, &self.rng),
            sealed: crate::rng::random::<72>(&self.rng).to_vec(),
            created_at: Self::NOW,
        }
    }

    /// An identity of that subject at a provider, which has never signed in.
    pub fn identity(&self, user: &UserId, subject: &str) -> Identity {
        Identity {
            id: IdentityId::generate(Self::NOW, &self.rng),
            user_id: user.clone(),
            issuer: "https://provider.example.com".to_owned(),
            subject: subject.to_owned(),
            provider: "example".to_owned(),
            email: Some("somebody@example.com".to_owned()),
            created_at: Self::NOW,
            last_used_at: None,
        }
    }

    /// A passkey that was never used.
    pub fn passkey(&self, user: &UserId) -> Passkey {
        Passkey {
            id: PasskeyId::of_credential(&crate::rng::random::<16>(&self.rng)),
            user_id: user.clone(),
            handle: "00000000-0000-4000-8000-000000000001".to_owned(),
            name: "Laptop".to_owned(),
            credential: "{}".to_owned(),
            counter: 0,
            backed_up: false,
            created_at: Self::NOW,
            last_used_at: None,
        }
    }

    /// A mail that is due now.
    pub fn mail(&self, user: Option<&UserId>) -> OutboxMail {
        let recipient = "somebody@example.com".to_owned();
        OutboxMail {
            id: MailId::generate(Self::NOW, &self.rng),
            kind: MailKind::PasswordChanged,
            user_id: user.cloned(),
            recipient: Email::from_stored(recipient.clone(), recipient),
            locale: None,
            tokens: Vec::new(),
            params: BTreeMap::new(),
            created_at: Self::NOW,
            next_attempt_at: Self::NOW,
            attempts: 0,
            last_error: None,
            dead_at: None,
            lease: None,
            leased_until: None,
        }
    }

    /// A service's key that was never used.
    pub fn service_key(&self, name: &str) -> ServiceKey {
        ServiceKey {
            id: ServiceKeyId::generate(Self::NOW, &self.rng),
            name: name.to_owned(),
            hash: "ab".repeat(32),
            allow_admin: false,
            created_at: Self::NOW,
            last_used_at: None,
            revoked_at: None,
        }
    }

    /// A line of the audit log.
    pub fn audit_entry(&self, user: Option<&UserId>, action: &str) -> AuditEntry {
        AuditEntry {
            id: AuditId::generate(Self::NOW, &self.rng),
            at: Self::NOW,
            user_id: user.cloned(),
            action: action.to_owned(),
            detail: Vec::new(),
            origin: Origin::default(),
        }
    }
}
