//! A value of everything that statements are about, and every change.

use std::collections::BTreeMap;
use std::time::Duration;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::factor::SealedSecret;
use usermgmt_core::model::identifier::{Email, Identifier, Username};
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::{
    AuditId, FactorId, IdentityId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId, TokenId,
    UserId,
};
use usermgmt_core::model::mail::{MailKind, OutboxMail};
use usermgmt_core::model::passkey::Passkey;
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::model::session::Session;
use usermgmt_core::model::token::{Purpose, Token};
use usermgmt_core::model::user::{Role, User};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::directory::{
    AuditFilter, AuditPosition, Paged, Search, Seek, SortOrder, UserFilter, UserPosition,
    UserQuery, UserSort,
};
use usermgmt_core::store::{Change, Hit, UserPatch};

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

/// When few entries of the audit log are older.
pub(super) const LONG_AGO: Timestamp = Timestamp::from_millis(100);

pub(super) struct Samples {
    pub(super) user: User,
    pub(super) email: Identifier,
    pub(super) name: Identifier,
    pub(super) token: Token,
    pub(super) session: Session,
    pub(super) passkey: Passkey,
    pub(super) mail: OutboxMail,
    pub(super) key: ServiceKey,
    pub(super) identity: Identity,
    pub(super) entry: AuditEntry,
    pub(super) hits: Vec<Hit>,
    pub(super) counters: Vec<String>,
    pub(super) changes: Vec<Change>,
    pub(super) queries: Vec<UserQuery>,
    pub(super) audit_pages: Vec<(AuditFilter, Paged<AuditPosition>)>,
    pub(super) mail_pages: Vec<Paged<MailId>>,
}

impl Samples {
    pub(super) fn new() -> Self {
        let user = user();
        let counters = vec!["counter1".to_owned(), "counter2".to_owned()];
        let window = Duration::from_secs(60);
        let mut samples = Self {
            email: Identifier::email(&user.email),
            name: Identifier::username(&user.username),
            token: token(&user.id),
            session: session(&user.id),
            passkey: passkey(&user.id),
            mail: mail(&user),
            key: service_key(),
            identity: identity(&user.id),
            entry: entry(&user.id),
            hits: counters.iter().map(|key| Hit { key: key.clone(), window }).collect(),
            counters,
            changes: Vec::new(),
            queries: queries(&user),
            audit_pages: audit_pages(&user.id),
            mail_pages: both_ways(MailId::generate(NOW, &OsRng)),
            user,
        };
        samples.changes = samples.of_users();
        samples.changes.extend(samples.of_credentials());
        samples.changes.extend(samples.of_mails());
        samples
    }

    fn of_users(&self) -> Vec<Change> {
        let id = self.user.id.clone();
        let identifier = self.email.clone();
        let user_id = id.clone();
        vec![
            Change::TouchUser { id: id.clone(), active: true, epoch: 0 },
            Change::UpdateUser {
                id: id.clone(),
                epoch: 0,
                raise_epoch: true,
                at: NOW,
                set: Box::new(UserPatch { role: Some(Role::Admin), ..UserPatch::default() }),
            },
            Change::DeleteUser { id: id.clone(), epoch: 0, at: NOW },
            Change::ClaimIdentifier {
                identifier: identifier.clone(),
                user_id: Some(id.clone()),
                until: None,
                now: NOW,
            },
            Change::HoldIdentifier {
                identifier: identifier.clone(),
                user_id: id.clone(),
                until: None,
            },
            Change::ReleaseIdentifier { identifier, user_id: id.clone() },
            Change::ReleaseIdentifiers { user_id: id.clone() },
            Change::InsertUser { user: Box::new(self.user.clone()), password: None },
            Change::InsertSession(Box::new(self.session.clone())),
            Change::RotateSession {
                id: self.session.id,
                generation: 0,
                to: 1,
                now: NOW,
                expires_at: NOW,
                ip: None,
                user_agent: None,
            },
            Change::ReceiveSession { id: self.session.id, generation: 1, now: NOW },
            Change::ReplaySession {
                id: self.session.id,
                generation: 1,
                replayed: 0,
                replays: 1,
                now: NOW,
            },
            Change::EndSession { id: self.session.id, user_id: id.clone(), generation: Some(0) },
            Change::EndSessions { user_id, except: Some(self.session.id) },
            Change::EndSessions { user_id: id, except: None },
            Change::InsertAudit(self.entry.clone()),
        ]
    }

    fn of_credentials(&self) -> Vec<Change> {
        let user_id = self.user.id.clone();
        let factor_id = FactorId::generate(NOW, &OsRng);
        let secret =
            SealedSecret { factor_id: factor_id.clone(), sealed: vec![0; 72], created_at: NOW };
        vec![
            Change::InsertToken(self.token.clone()),
            Change::UseToken { id: self.token.id, now: NOW },
            Change::VoidTokens { user_id: user_id.clone(), purpose: None, since: None, now: NOW },
            Change::VoidTokens {
                user_id: user_id.clone(),
                purpose: Some(Purpose::Reset),
                since: Some(NOW),
                now: NOW,
            },
            Change::IssueCode { id: self.token.id, issue: 0, expires_at: NOW, now: NOW },
            Change::ResealTotp { user_id: user_id.clone(), secret: secret.clone() },
            Change::SetPendingTotp { user_id: user_id.clone(), secret },
            Change::ConfirmTotp { user_id: user_id.clone(), factor_id: factor_id.clone(), step: 1 },
            Change::UseTotpStep { user_id: user_id.clone(), factor_id, step: 1 },
            Change::DropPendingTotp { user_id: user_id.clone() },
            Change::RemoveTotp { user_id: user_id.clone() },
            Change::ReplaceRecoveryCodes {
                user_id: user_id.clone(),
                hashes: vec!["hash".to_owned()],
            },
            Change::UseRecoveryCode { user_id: user_id.clone(), hash: "hash".to_owned() },
            Change::LinkIdentity(Box::new(self.identity.clone())),
            Change::UseIdentity {
                user_id: user_id.clone(),
                issuer: self.identity.issuer.clone(),
                subject: self.identity.subject.clone(),
                at: NOW,
            },
            Change::UnlinkIdentity { user_id: user_id.clone(), id: self.identity.id.clone() },
            Change::UnlinkIdentities { user_id: user_id.clone(), since: Some(NOW) },
            Change::InsertPasskey(Box::new(self.passkey.clone())),
            Change::UsePasskey {
                id: self.passkey.id.clone(),
                user_id: user_id.clone(),
                counter: 0,
                to: 1,
                backed_up: true,
                at: NOW,
            },
            Change::RenamePasskey {
                id: self.passkey.id.clone(),
                user_id: user_id.clone(),
                name: "x".to_owned(),
            },
            Change::RemovePasskey { id: self.passkey.id.clone(), user_id: user_id.clone() },
            Change::RemovePasskeys { user_id: user_id.clone(), since: Some(NOW) },
            Change::ForgetDevices { user_id: user_id.clone() },
            Change::RememberDevice { user_id, device: "device".to_owned(), at: NOW },
            Change::InsertServiceKey(self.key.clone()),
            Change::RevokeServiceKey { id: self.key.id.clone(), at: NOW },
            Change::KeepAdmin { id: self.user.id.clone() },
            Change::TouchServiceKey { id: self.key.id.clone(), at: NOW },
            Change::InsertRootKey { id: "root".to_owned(), fingerprint: "x".to_owned(), at: NOW },
        ]
    }

    fn of_mails(&self) -> Vec<Change> {
        let id = self.mail.id.clone();
        let lease = LeaseId::generate(&OsRng);
        vec![
            Change::InsertMail(Box::new(self.mail.clone())),
            Change::CompleteMail { id: id.clone(), lease },
            Change::RetryMail { id: id.clone(), lease, at: NOW, error: "x".to_owned() },
            Change::BuryMail { id: id.clone(), lease, at: NOW, error: "x".to_owned() },
            Change::ReviveMail { id: id.clone(), at: NOW },
            Change::DropDeadMail { id },
            Change::DropMail { user_id: self.user.id.clone() },
        ]
    }
}

fn user() -> User {
    User {
        id: "user50001".parse().unwrap(),
        username: Username::from_stored("x".to_owned(), "name50001".to_owned()),
        email: Email::from_stored("x".to_owned(), "50001@example.com".to_owned()),
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

fn token(user: &UserId) -> Token {
    Token {
        id: TokenId::generate(&OsRng),
        user_id: Some(user.clone()),
        purpose: Purpose::Reset,
        binding: None,
        created_at: NOW,
        expires_at: NOW,
        used_at: None,
        code_issue: 0,
        code_expires_at: None,
    }
}

fn session(user: &UserId) -> Session {
    Session {
        id: SessionId::generate(&OsRng),
        user_id: user.clone(),
        generation: 0,
        rotated_at: None,
        received: None,
        received_at: None,
        replayed: None,
        replays: 0,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW,
        max_expires_at: NOW,
        auth_time: NOW,
        amr: Vec::new(),
        ip: None,
        user_agent: None,
    }
}

fn mail(user: &User) -> OutboxMail {
    OutboxMail {
        id: MailId::generate(NOW, &OsRng),
        kind: MailKind::Confirmation,
        user_id: Some(user.id.clone()),
        recipient: user.email.clone(),
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

fn passkey(user_id: &UserId) -> Passkey {
    Passkey {
        id: PasskeyId::of_credential(b"credential"),
        user_id: user_id.clone(),
        handle: "handle".to_owned(),
        name: "Laptop".to_owned(),
        credential: "{}".to_owned(),
        counter: 0,
        backed_up: false,
        created_at: NOW,
        last_used_at: None,
    }
}

fn service_key() -> ServiceKey {
    ServiceKey {
        id: ServiceKeyId::generate(NOW, &OsRng),
        name: "x".to_owned(),
        hash: "x".to_owned(),
        allow_admin: false,
        created_at: NOW,
        last_used_at: None,
        revoked_at: None,
    }
}

fn identity(user: &UserId) -> Identity {
    Identity {
        id: IdentityId::generate(NOW, &OsRng),
        user_id: user.clone(),
        issuer: "https://provider.example.com".to_owned(),
        subject: "subject50001".to_owned(),
        provider: "example".to_owned(),
        email: None,
        created_at: NOW,
        last_used_at: None,
    }
}

fn entry(user: &UserId) -> AuditEntry {
    AuditEntry {
        id: AuditId::generate(NOW, &OsRng),
        at: NOW,
        user_id: Some(user.clone()),
        action: "x".to_owned(),
        detail: Vec::new(),
        origin: usermgmt_core::model::audit::Origin::default(),
    }
}

/// The first page, and those beside a place.
fn both_ways<P: Clone>(at: P) -> Vec<Paged<P>> {
    let beside = [false, true].map(|backward| Paged {
        seek: Some(Seek { at: at.clone(), backward, inclusive: false }),
        limit: 50,
    });
    [Paged::first(50)].into_iter().chain(beside).collect()
}

/// Every sort, filtered or not, by a date and by what was typed.
fn queries(user: &User) -> Vec<UserQuery> {
    let mut filters = vec![
        UserFilter::default(),
        UserFilter { disabled: Some(true), ..UserFilter::default() },
        UserFilter { mfa: Some(true), role: Some(Role::Admin), ..UserFilter::default() },
    ];
    let dated = UserFilter { created_from: Some(NOW), created_to: Some(NOW), ..filters[0].clone() };
    filters.push(dated);
    let mut queries = Vec::new();
    for filter in filters {
        for sort in [UserSort::Created, UserSort::Username, UserSort::Email] {
            for order in [SortOrder::Asc, SortOrder::Desc] {
                for paged in both_ways(sort.position(user)) {
                    let filter = UserFilter { sort, order, ..filter.clone() };
                    queries.push(UserQuery { filter, paged, most_sorted: 1000 });
                }
            }
        }
        let search = Search::typed("name5");
        let filter = UserFilter { search, ..filter };
        for paged in both_ways(UserPosition::Matched("name55".to_owned(), user.id.clone())) {
            queries.push(UserQuery { filter: filter.clone(), paged, most_sorted: 1000 });
        }
    }
    queries
}

fn audit_pages(user: &UserId) -> Vec<(AuditFilter, Paged<AuditPosition>)> {
    let place = AuditPosition { at: NOW, id: AuditId::generate(NOW, &OsRng) };
    let all = AuditFilter::default();
    let filters = [
        AuditFilter { user: Some(user.clone()), ..all.clone() },
        AuditFilter { actor: Some(user.to_string()), ..all.clone() },
        AuditFilter { action: Some("x".to_owned()), ..all.clone() },
        AuditFilter { from: Some(NOW), to: Some(NOW), ..all.clone() },
        all,
    ];
    let pages = |filter: AuditFilter| {
        both_ways(place.clone()).into_iter().map(move |paged| (filter.clone(), paged))
    };
    filters.into_iter().flat_map(pages).collect()
}
