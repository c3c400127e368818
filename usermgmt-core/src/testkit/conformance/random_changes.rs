//! Changes drawn by lot from few ids and few times, so that they meet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::fixture::{
    Fixture, MS, NOW, email, email_id, read, skeleton_id, user_id, username, username_id,
};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::factor::SealedSecret;
use crate::model::identifier::Identifier;
use crate::model::identity::Identity;
use crate::model::ids::{
    AuditId, FactorId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId, UserId,
};
use crate::model::mail::OutboxMail;
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::{PasswordHash, Role, User};
use crate::store::{Change, Hit, MemoryStore, Store, UserPatch};
use crate::testkit::SeededRng;

const USERS: u64 = 4;
const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct RandomChanges {
    fixture: Fixture,
    sessions: Vec<SessionId>,
    tokens: Vec<TokenId>,
    factors: Vec<FactorId>,
    passkeys: Vec<PasskeyId>,
    service_keys: Vec<ServiceKeyId>,
    mails: Vec<MailId>,
    leases: Vec<LeaseId>,
    entries: Vec<AuditId>,
    made: AtomicU32,
}

impl RandomChanges {
    pub(super) fn new(seed: u64) -> Self {
        // Only its rows are used, never its store.
        let fixture = Fixture::seeded(Arc::new(MemoryStore::new()), seed);
        let rng = &fixture.rng;
        Self {
            sessions: (0..5).map(|_| SessionId::generate(rng)).collect(),
            tokens: (0..6).map(|_| TokenId::generate(rng)).collect(),
            factors: (0..3).map(|_| FactorId::generate(NOW, rng)).collect(),
            passkeys: ["one", "two", "three"]
                .map(|id| PasskeyId::of_credential(id.as_bytes()))
                .to_vec(),
            service_keys: (0..2).map(|_| ServiceKeyId::generate(NOW, rng)).collect(),
            mails: (0..5).map(|_| MailId::generate(NOW, rng)).collect(),
            leases: (0..2).map(|_| LeaseId::generate(rng)).collect(),
            entries: (0..40).map(|_| AuditId::generate(NOW, rng)).collect(),
            made: AtomicU32::new(0),
            fixture,
        }
    }

    pub(super) fn rng(&self) -> &SeededRng {
        &self.fixture.rng
    }

    pub(super) fn below(&self, end: u64) -> u64 {
        self.fixture.rng.below(end)
    }

    fn pick<T: Clone>(&self, from: &[T]) -> T {
        let end = u64::try_from(from.len()).unwrap_or(u64::MAX);
        let at = usize::try_from(self.below(end)).unwrap_or(0);
        from[at].clone()
    }

    fn maybe<T>(&self, value: T) -> Option<T> {
        (self.below(2) == 0).then_some(value)
    }

    /// One of forty minutes, so that times meet exactly now and then.
    pub(super) fn time(&self) -> Timestamp {
        let minute = u32::try_from(self.below(40)).unwrap_or(0);
        NOW + minute * MINUTE
    }

    pub(super) fn lease(&self) -> LeaseId {
        self.pick(&self.leases)
    }

    pub(super) fn hits(&self) -> Vec<Hit> {
        let keys = ["a", "b", "c"].iter().filter(|_| self.below(2) == 0);
        keys.map(|key| Hit { key: (*key).to_owned(), window: MINUTE * 5 }).collect()
    }

    fn user(&self) -> UserId {
        user_id(&format!("user-{}", self.below(USERS)))
    }

    fn name(&self) -> &'static str {
        self.pick(&["ann", "Ann", "bob", "bob ", "josé", "jose"])
    }

    fn identifier(&self) -> Identifier {
        let name = self.name();
        match self.below(5) {
            0 | 1 => username_id(name),
            2 => skeleton_id(name),
            _ => email_id(&format!("{name}@example.com")),
        }
    }

    fn text(&self) -> Option<String> {
        self.pick(&[None, Some("x".to_owned()), Some("é 😀".to_owned())])
    }

    /// A list of one to four changes; epochs, generations and the like are
    /// mostly those that the model has.
    pub(super) async fn list(&self, model: &dyn Store) -> Vec<Change> {
        let length = 1 + self.below(4);
        let mut list = Vec::new();
        for _ in 0..length {
            list.push(match self.below(5) {
                0 => self.user_change(model).await,
                1 => self.credential_change(model).await,
                2 => self.session_or_token_change(model).await,
                3 => self.passkey_change(model).await,
                _ => self.other_change(),
            });
        }
        list
    }

    async fn epoch(&self, model: &dyn Store, user: &UserId) -> i64 {
        let account = read(model.account(user).await);
        let epoch = account.map_or(0, |account| account.user.epoch);
        epoch + i64::from(self.below(8) == 0)
    }

    async fn user_change(&self, model: &dyn Store) -> Change {
        let id = self.user();
        let epoch = self.epoch(model, &id).await;
        match self.below(11) {
            0..=2 => Change::InsertUser {
                user: Box::new(self.new_user(id)),
                password: self.maybe(PasswordHash::from_stored("hash".to_owned())),
            },
            3 => Change::TouchUser { id, active: self.below(2) == 0, epoch },
            4 | 5 => Change::UpdateUser {
                id,
                epoch,
                raise_epoch: self.below(2) == 0,
                at: self.time(),
                set: Box::new(self.patch()),
            },
            6 if self.below(3) == 0 => Change::DeleteUser { id, epoch, at: self.time() },
            6 | 7 => Change::ClaimIdentifier {
                identifier: self.identifier(),
                user_id: self.maybe(id),
                until: self.maybe(self.time()),
                now: self.time(),
            },
            8 => Change::HoldIdentifier {
                identifier: self.identifier(),
                user_id: id,
                until: self.maybe(self.time()),
            },
            9 => Change::ReleaseIdentifier { identifier: self.identifier(), user_id: id },
            _ => Change::ReleaseIdentifiers { user_id: id },
        }
    }

    fn new_user(&self, id: UserId) -> User {
        let confirmed = self.maybe(self.time());
        let name = self.name();
        User {
            id,
            username: username(name),
            email: email(&format!("{name}@example.com")),
            email_confirmed_at: confirmed,
            // A confirmed account has no such limit.
            unconfirmed_until: self.maybe(self.time()).filter(|_| confirmed.is_none()),
            disabled_at: self.maybe(self.time()),
            first_name: self.text(),
            ..self.fixture.user("unused")
        }
    }

    fn patch(&self) -> UserPatch {
        let confirmed = self.maybe(self.maybe(self.time()));
        let name = self.name();
        UserPatch {
            username: self.maybe(username(name)),
            email: self.maybe(email(&format!("{name}@example.com"))),
            email_confirmed_at: confirmed,
            unconfirmed_until: confirmed.flatten().map(|_| None),
            first_name: self.maybe(self.text()),
            last_name: self.maybe(self.text()),
            gender: self.maybe(self.text()),
            role: self.maybe(self.pick(&[Role::User, Role::Admin])),
            locale: self.maybe(self.text()),
            disabled_at: self.maybe(self.maybe(self.time())),
            password: self.maybe(self.text().map(PasswordHash::from_stored)),
        }
    }

    async fn credential_change(&self, model: &dyn Store) -> Change {
        let user_id = self.user();
        let totp = read(model.account(&user_id).await).and_then(|account| account.totp);
        let of = |secret: Option<SealedSecret>| {
            let known = secret.map(|secret| secret.factor_id);
            known.unwrap_or_else(|| self.pick(&self.factors))
        };
        let step = i64::try_from(self.below(20)).unwrap_or(0);
        let code = || self.pick(&["c1", "c2", "c3"]).to_owned();
        match self.below(15) {
            11 | 12 => Change::LinkIdentity(Box::new(Identity {
                created_at: self.time(),
                last_used_at: self.maybe(self.time()),
                email: self.text(),
                ..self.fixture.identity(&user_id, self.pick(&["1", "2", "3"]))
            })),
            13 => Change::UseIdentity {
                user_id,
                issuer: self.fixture.identity(&self.user(), "").issuer,
                subject: self.pick(&["1", "2", "3"]).to_owned(),
                at: self.time(),
            },
            14 => {
                let found = read(model.identities(&user_id).await);
                match found.first().filter(|_| self.below(2) == 0) {
                    Some(first) => Change::UnlinkIdentity { id: first.id.clone(), user_id },
                    None => Change::UnlinkIdentities { user_id, since: self.maybe(self.time()) },
                }
            }
            0 | 1 => Change::SetPendingTotp {
                user_id,
                secret: SealedSecret {
                    factor_id: self.pick(&self.factors),
                    ..self.fixture.secret()
                },
            },
            2 | 3 => Change::ConfirmTotp {
                user_id,
                factor_id: of(totp.and_then(|totp| totp.pending)),
                step,
            },
            4 => Change::UseTotpStep {
                user_id,
                factor_id: of(totp.and_then(|totp| totp.confirmed)),
                step,
            },
            5 => Change::DropPendingTotp { user_id },
            6 => Change::RemoveTotp { user_id },
            7 => Change::ReplaceRecoveryCodes {
                user_id,
                hashes: ["c1", "c2", "c3"]
                    .iter()
                    .filter(|_| self.below(2) == 0)
                    .map(|&hash| hash.to_owned())
                    .collect(),
            },
            8 => Change::UseRecoveryCode { user_id, hash: code() },
            9 => Change::ForgetDevices { user_id },
            _ => Change::RememberDevice {
                user_id,
                device: self.pick(&["phone", "Phone"]).to_owned(),
                at: self.time(),
            },
        }
    }

    async fn passkey_change(&self, model: &dyn Store) -> Change {
        let (id, user_id, at) = (self.pick(&self.passkeys), self.user(), self.time());
        let known = read(model.passkey(&id).await);
        let owner = known.as_ref().filter(|_| self.below(4) > 0);
        let owner = owner.map_or_else(|| user_id.clone(), |known| known.user_id.clone());
        match self.below(8) {
            0..=2 => Change::InsertPasskey(Box::new(Passkey {
                id,
                created_at: at,
                ..self.fixture.passkey(&user_id)
            })),
            3 | 4 => {
                let counter = known.map_or(0, |known| known.counter);
                let counter = counter + i64::from(self.below(8) == 0);
                let backed_up = self.below(2) == 0;
                Change::UsePasskey { id, user_id: owner, counter, to: counter + 1, backed_up, at }
            }
            5 => Change::RenamePasskey { id, user_id: owner, name: "é 😀".to_owned() },
            6 => Change::RemovePasskey { id, user_id: owner },
            _ => Change::RemovePasskeys { user_id, since: self.maybe(at) },
        }
    }

    async fn session_or_token_change(&self, model: &dyn Store) -> Change {
        let user_id = self.user();
        let session = self.pick(&self.sessions);
        let token = self.pick(&self.tokens);
        let now = self.time();
        match self.below(12) {
            10 => {
                let found = read(model.session(session, NOW).await);
                let generation = found.map_or(0, |(session, _)| session.generation);
                Change::ReceiveSession { id: session, generation, now }
            }
            11 => {
                let found = read(model.session(session, NOW).await);
                let generation = found.map_or(0, |(session, _)| session.generation);
                Change::ReplaySession {
                    id: session,
                    generation,
                    replayed: generation - 1,
                    replays: 1,
                    now,
                }
            }
            0 | 1 => Change::InsertSession(Box::new(Session {
                id: session,
                last_seen_at: self.time(),
                expires_at: self.time(),
                ip: self.maybe([10, 0, 0, 1].into()),
                user_agent: self.text(),
                ..self.fixture.session(&user_id)
            })),
            2 | 3 => {
                let found = read(model.session(session, NOW).await);
                let generation = found.map_or(0, |(session, _)| session.generation);
                Change::RotateSession {
                    id: session,
                    generation: generation + i64::from(self.below(8) == 0),
                    to: generation + 1,
                    now,
                    expires_at: self.time(),
                    ip: self.maybe([10, 0, 0, 2].into()),
                    user_agent: self.text(),
                }
            }
            4 => Change::EndSession { id: session, user_id, generation: self.maybe(0) },
            5 => Change::EndSessions { user_id, except: self.maybe(session) },
            6 => Change::InsertToken(Token {
                id: token,
                user_id: self.maybe(user_id.clone()),
                binding: self.text(),
                // All different: which of two equally new ones is newer is nobody's promise.
                created_at: NOW + MS * self.made.fetch_add(1, Ordering::Relaxed),
                expires_at: self.time(),
                ..self.fixture.token(&user_id, self.purpose())
            }),
            7 => Change::UseToken { id: token, now },
            8 => {
                let half = self.made.load(Ordering::Relaxed) / 2;
                Change::VoidTokens {
                    user_id,
                    purpose: self.maybe(self.purpose()),
                    since: self.maybe(NOW + MS * half),
                    now,
                }
            }
            _ => {
                let found = read(model.token(token).await);
                let issue = found.map_or(0, |token| token.code_issue);
                Change::IssueCode {
                    id: token,
                    issue: issue + i64::from(self.below(8) == 0),
                    expires_at: self.time(),
                    now,
                }
            }
        }
    }

    fn purpose(&self) -> Purpose {
        self.pick(&[Purpose::Confirm, Purpose::Reset])
    }

    fn other_change(&self) -> Change {
        let user = self.user();
        let id = self.pick(&self.mails);
        let lease = self.lease();
        let key = self.pick(&self.service_keys);
        let at = self.time();
        let error = "refused".to_owned();
        match self.below(15) {
            0..=2 => Change::InsertMail(Box::new(OutboxMail {
                id,
                created_at: self.time(),
                next_attempt_at: at,
                ..self.fixture.mail(self.maybe(user).as_ref())
            })),
            3 => Change::CompleteMail { id, lease },
            4 => Change::RetryMail { id, lease, at, error },
            5 | 6 => Change::BuryMail { id, lease, at, error },
            7 => Change::ReviveMail { id, at },
            8 => Change::DropDeadMail { id },
            9 if self.below(3) == 0 => Change::DropMail { user_id: user },
            9 => Change::InsertRootKey {
                id: self.pick(&["k1", "K1"]).to_owned(),
                fingerprint: "f".to_owned(),
                at,
            },
            10 => {
                Change::InsertServiceKey(ServiceKey { id: key, ..self.fixture.service_key("key") })
            }
            11 => Change::RevokeServiceKey { id: key, at },
            12 => Change::TouchServiceKey { id: key, at },
            13 => Change::KeepAdmin { id: user },
            _ => Change::InsertAudit(AuditEntry {
                id: self.pick(&self.entries),
                ..self.fixture.audit_entry(self.maybe(user).as_ref(), "suite")
            }),
        }
    }
}
