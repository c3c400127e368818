//! Rows to write.

use std::collections::BTreeMap;
use std::time::Duration;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::identifier::{Email, Identifier, Username};
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::{
    AuditId, IdentityId, MailId, PasskeyId, SessionId, TokenId, UserId,
};
use usermgmt_core::model::mail::{MailKind, OutboxMail};
use usermgmt_core::model::passkey::Passkey;
use usermgmt_core::model::session::Session;
use usermgmt_core::model::token::{Purpose, Token};
use usermgmt_core::model::user::{Role, User};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn list(changes: impl Into<Vec<Change>>) -> Changes {
    Changes::new(changes.into(), NOW, &OsRng)
}

pub(crate) fn user(name: &str) -> User {
    User {
        id: UserId::generate(NOW, &OsRng),
        username: Username::parse(name, 30).unwrap(),
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
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

pub(crate) fn registration(user: &User) -> Vec<Change> {
    let claim = |identifier| Change::ClaimIdentifier {
        identifier,
        user_id: Some(user.id.clone()),
        until: None,
        now: NOW,
    };
    vec![
        Change::InsertUser { user: Box::new(user.clone()), password: None },
        claim(Identifier::email(&user.email)),
        claim(Identifier::username(&user.username)),
    ]
}

/// Always the same one.
pub(crate) fn passkey(user: &User) -> Passkey {
    Passkey {
        id: PasskeyId::of_credential(b"credential"),
        user_id: user.id.clone(),
        handle: "handle".to_owned(),
        name: "Laptop".to_owned(),
        credential: "{}".to_owned(),
        counter: 0,
        backed_up: false,
        created_at: NOW,
        last_used_at: None,
    }
}

pub(crate) fn session(user: &User) -> Session {
    Session {
        id: SessionId::generate(&OsRng),
        user_id: user.id.clone(),
        generation: 0,
        rotated_at: None,
        received: None,
        received_at: None,
        replayed: None,
        replays: 0,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW + HOUR,
        max_expires_at: NOW + HOUR,
        auth_time: NOW,
        amr: Vec::new(),
        ip: None,
        user_agent: None,
    }
}

pub(crate) fn token(user: &User) -> Token {
    Token {
        id: TokenId::generate(&OsRng),
        user_id: Some(user.id.clone()),
        purpose: Purpose::Reset,
        binding: None,
        created_at: NOW,
        expires_at: NOW + HOUR,
        used_at: None,
        code_issue: 0,
        code_expires_at: None,
    }
}

pub(crate) fn identity(user: &User) -> Identity {
    Identity {
        id: IdentityId::generate(NOW, &OsRng),
        user_id: user.id.clone(),
        issuer: "https://provider.example.com".to_owned(),
        subject: "1".to_owned(),
        provider: "example".to_owned(),
        email: None,
        created_at: NOW,
        last_used_at: None,
    }
}

pub(crate) fn mail(user: &User) -> OutboxMail {
    OutboxMail {
        id: MailId::generate(NOW, &OsRng),
        kind: MailKind::PasswordChanged,
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

pub(crate) fn entry(user: &User) -> AuditEntry {
    AuditEntry {
        id: AuditId::generate(NOW, &OsRng),
        at: NOW,
        user_id: Some(user.id.clone()),
        action: "user.changed".to_owned(),
        detail: Vec::new(),
        origin: usermgmt_core::model::audit::Origin::default(),
    }
}
