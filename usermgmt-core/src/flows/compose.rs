//! Changes that several flows put into their lists.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::config::CODE_TTL;
use crate::mail::Unreachable;
use crate::model::audit::{Actor, AuditEntry, Origin};
use crate::model::identifier::{Email, Identifier};
use crate::model::ids::{AuditId, MailId, TokenId, UserId};
use crate::model::mail::{MailKind, MailToken, OutboxMail};
use crate::model::token::{Purpose, Token};
use crate::model::user::{Account, User};
use crate::store::{Change, EXPIRED_TOKEN_LIFE};

/// What is awaited goes before all that became due within this time: a hundred
/// thousand activations must not outlive a password reset's link.
const HEAD_START: Duration = Duration::from_secs(86_400);

impl Auth {
    pub(crate) fn new_token(
        &self,
        user: Option<&UserId>,
        purpose: Purpose,
        binding: Option<String>,
        ttl: Duration,
        now: Timestamp,
    ) -> Token {
        Token {
            id: TokenId::generate(&*self.0.rng),
            user_id: user.cloned(),
            purpose,
            binding,
            created_at: now,
            expires_at: now + ttl,
            used_at: None,
            code_issue: 0,
            code_expires_at: None,
        }
    }

    /// A write that costs what a real one does and means nothing, so that a
    /// request about an unknown address takes as long as one about a known one.
    pub(crate) fn decoy(&self, now: Timestamp) -> Change {
        let mut token = self.new_token(None, Purpose::Confirm, None, Duration::ZERO, now);
        // The next purge takes it: strangers must not fill the store with them.
        token.expires_at = now - EXPIRED_TOKEN_LIFE;
        Change::InsertToken(token)
    }

    /// As many of them.
    pub(crate) fn decoys(&self, count: usize, now: Timestamp) -> Vec<Change> {
        (0..count).map(|_| self.decoy(now)).collect()
    }

    /// Voids a user's unused tokens of a purpose, or of all.
    pub(crate) fn void(&self, user: &UserId, purpose: Option<Purpose>, now: Timestamp) -> Change {
        Change::VoidTokens { user_id: user.clone(), purpose, since: None, now }
    }

    /// Goes with every link: it is made for the account as it was read, and not
    /// for one that was deleted or changed hands in between.
    pub(crate) fn touch(&self, user: &User) -> Change {
        Change::TouchUser { id: user.id.clone(), active: false, epoch: user.epoch }
    }

    /// The token for a mail that may be asked for again: the one that was mailed
    /// before while half of its life remains, else a new one. With a code, each
    /// call makes a new code. Always one read and one change.
    pub(crate) async fn mail_token(
        &self,
        user: &UserId,
        purpose: Purpose,
        binding: &Email,
        with_code: bool,
        now: Timestamp,
    ) -> Result<(MailToken, Change), ServiceError> {
        let ttl = self.token_life(purpose);
        let live = self.read(self.0.store.live_token(user, purpose, now)).await?;
        let code_expires_at = now + CODE_TTL;
        if let Some(token) = live
            && token.binding.as_deref() == Some(binding.as_str())
            && token.expires_at.since(now) * 2 >= ttl
        {
            let mailed = MailToken {
                purpose,
                id: token.id,
                code_issue: with_code.then_some(token.code_issue + 1),
            };
            let change = if with_code {
                Change::IssueCode {
                    id: token.id,
                    issue: token.code_issue,
                    expires_at: code_expires_at,
                    now,
                }
            } else {
                self.decoy(now)
            };
            return Ok((mailed, change));
        }
        let mut token =
            self.new_token(Some(user), purpose, Some(binding.as_str().to_owned()), ttl, now);
        if with_code {
            token.code_issue = 1;
            token.code_expires_at = Some(code_expires_at);
        }
        let mailed =
            MailToken { purpose, id: token.id, code_issue: with_code.then_some(token.code_issue) };
        Ok((mailed, Change::InsertToken(token)))
    }

    /// A mail to somebody.
    pub(crate) fn mail(
        &self,
        kind: MailKind,
        to: &Email,
        user: Option<&User>,
        tokens: Vec<MailToken>,
        params: &[(&str, &str)],
        now: Timestamp,
    ) -> Change {
        let mut all: BTreeMap<String, String> =
            params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if let Some(user) = user {
            all.entry("username".to_owned()).or_insert_with(|| user.username.as_str().to_owned());
        }
        Change::InsertMail(Box::new(OutboxMail {
            id: MailId::generate(now, &*self.0.rng),
            kind,
            user_id: user.map(|user| user.id.clone()),
            recipient: to.clone(),
            locale: user.and_then(|user| user.locale.clone()),
            tokens,
            params: all,
            created_at: now,
            next_attempt_at: if kind.is_awaited() { now - HEAD_START } else { now },
            attempts: 0,
            last_error: None,
            dead_at: None,
            lease: None,
            leased_until: None,
        }))
    }

    /// Refuses an address that this process's mailer can never reach. Says nothing
    /// of whether it has an account.
    pub(crate) async fn check_reach(&self, email: &Email) -> Result<(), Unreachable> {
        match self.0.mailer.get() {
            Some(mailer) => mailer.check_reach(email).await,
            None => Ok(()),
        }
    }

    /// A mail that nobody gets, in place of one of this kind: it carries a token
    /// that was never written, so the worker does everything for it but send it.
    /// A request about an unknown address queues one, and leaves the same work
    /// behind as one about a known address.
    pub(crate) fn void_mail(
        &self,
        kind: MailKind,
        purpose: Purpose,
        asked: &Identifier,
        now: Timestamp,
    ) -> Change {
        // What somebody typed is nobody's address here, and is not kept.
        let asked = self.keys().ring.lookup_key("void-mail", &[asked.canonical().as_bytes()]);
        let to = format!("{asked}@void.invalid");
        let token = MailToken { purpose, id: TokenId::generate(&*self.0.rng), code_issue: None };
        self.mail(kind, &Email::from_stored(to.clone(), to), None, vec![token], &[], now)
    }

    /// The mail in which an account that is not confirmed gets a link to choose
    /// its password: of one that nobody ever had a password for it is an invitation.
    pub(crate) fn choose_password_mail(account: &Account) -> MailKind {
        match account.password.is_none() && account.user.unconfirmed_until.is_none() {
            true => MailKind::Invitation,
            false => MailKind::ChoosePassword,
        }
    }

    /// A mail to the user at their present address.
    pub(crate) fn mail_user(
        &self,
        kind: MailKind,
        user: &User,
        tokens: Vec<MailToken>,
        params: &[(&str, &str)],
        now: Timestamp,
    ) -> Change {
        self.mail(kind, &user.email, Some(user), tokens, params, now)
    }

    /// What makes an account's hold on its names permanent.
    pub(crate) fn hold_identifiers(&self, user: &User, until: Option<Timestamp>) -> [Change; 3] {
        let [name, skeleton] = Identifier::names(&user.username);
        [Identifier::email(&user.email), name, skeleton].map(|identifier| Change::HoldIdentifier {
            identifier,
            user_id: user.id.clone(),
            until,
        })
    }

    /// The words that make a password of this user's easy to guess.
    pub(crate) fn own_words<'a>(&'a self, user: &'a User) -> Vec<&'a str> {
        let mut words = vec![user.username.as_str(), self.0.config.product_name.as_str()];
        words.extend(
            user.email.as_str().split(['@', '.', '+', '-', '_']).filter(|word| word.len() > 2),
        );
        words.push(user.email.as_str());
        words.extend([&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str));
        words
    }

    /// An entry of the audit log, about what a user did.
    pub(crate) fn audit(
        &self,
        user: &UserId,
        action: &str,
        detail: &[&str],
        now: Timestamp,
    ) -> Change {
        let by = Origin { actor_id: Some(user.to_string()), ..Origin::of(Actor::User) };
        self.audit_from(&by, Some(user), action, detail, now)
    }

    /// An entry of the audit log, about what somebody did to a user.
    pub(crate) fn audit_from(
        &self,
        by: &Origin,
        user: Option<&UserId>,
        action: &str,
        detail: &[&str],
        now: Timestamp,
    ) -> Change {
        Change::InsertAudit(AuditEntry {
            id: AuditId::generate(now, &*self.0.rng),
            at: now,
            user_id: user.cloned(),
            action: action.to_owned(),
            detail: detail.iter().map(|&word| word.to_owned()).collect(),
            origin: by.clone(),
        })
    }
}
