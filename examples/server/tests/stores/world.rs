//! The core over a real database, twice: over a connection that breaks when it
//! is told to, and over one that does not.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::Auth;
use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::config::Config;
use usermgmt_core::keys::KeyRing;
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::model::identifier::{Email, Identifier, Username};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::model::token::Purpose;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::password::HasherConfig;
use usermgmt_core::store::Store;
use usermgmt_core::testkit::{CapturingMailer, MockClock};
use usermgmt_store_mongo::MongoStore;
use usermgmt_store_sql::{PoolOptions, SqlStore};

use usermgmt_test_support::proxy::AnswerProxy;
use usermgmt_test_support::{Database, Kind};

/// Two services over one database.
pub(crate) struct World {
    /// Over connections that break.
    pub(crate) shaky: Auth,
    /// Over connections that do not: what comes before and after.
    pub(crate) steady: Auth,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) proxy: AnswerProxy,
    pub(crate) mailer: CapturingMailer,
    worker: OutboxWorker,
    clock: MockClock,
    _database: Database,
}

/// The default policies without limits, and with hashes that cost nothing.
pub(crate) fn config() -> Config {
    let mut config = Config::new("https://accounts.example.com".parse().unwrap());
    config.hasher = HasherConfig::insecure_for_tests();
    config.limits.enabled = false;
    config
}

/// Opens the store that a URL names.
pub(crate) async fn open(kind: Kind, url: &str) -> Arc<dyn Store> {
    match kind {
        Kind::Mongo => Arc::new(MongoStore::connect(url).await.unwrap()),
        _ => Arc::new(SqlStore::connect(url, PoolOptions::default()).await.unwrap()),
    }
}

impl World {
    pub(crate) async fn new(kind: Kind) -> Self {
        let database = Database::of(kind).await.expect("a database server");
        let proxy = AnswerProxy::before(&database.url).await;
        let store = open(kind, &database.url).await;
        let clock = MockClock::new(SystemClock.now());
        let service = |store| {
            let keys = KeyRing::single((7..39).collect()).unwrap();
            Auth::builder_shared(store, keys, config()).clock(clock.clone()).build()
        };
        let steady = service(Arc::clone(&store)).await.unwrap();
        let shaky = service(open(kind, &proxy.url).await).await.unwrap();
        let mailer = CapturingMailer::default();
        let worker = OutboxWorker::new(steady.clone(), Arc::new(mailer.clone()));
        Self { shaky, steady, store, proxy, mailer, worker, clock, _database: database }
    }

    /// Lets time pass.
    pub(crate) fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Lets time pass until there are 25 seconds left of an authenticator
    /// app's time step, so that what follows is in one.
    pub(crate) fn begin_step(&self) {
        let into = self.steady.now().as_secs().rem_euclid(30);
        let left = u64::try_from(30 - into).unwrap();
        self.later(Duration::from_secs(left + 5));
    }

    /// Delivers everything that is due and takes it.
    pub(crate) async fn mail(&self) -> Vec<Message> {
        // Nothing here queues more than one batch.
        self.worker.run_once().await.unwrap();
        self.mailer.take()
    }

    /// The one mail of that kind that is due; other mails are lost.
    pub(crate) async fn mailed(&self, kind: MailKind) -> Message {
        let mut mails = self.mail().await;
        mails.retain(|mail| mail.kind == kind);
        assert_eq!(mails.len(), 1, "mails of kind {kind:?}");
        mails.remove(0)
    }

    /// What there is about somebody, line by line, in words that are the same
    /// for everybody in the same state. Takes the mail that is due.
    pub(crate) async fn state_of(&self, name: &str, id: Option<&UserId>) -> Vec<String> {
        let now = self.steady.now();
        let found = self.steady.find_user(name).await.unwrap().map(|user| user.id);
        let mut state = Vec::new();
        if let Some(id) = id.or(found.as_ref()) {
            if let Some(account) = self.store.account(id).await.unwrap() {
                let user = account.user;
                state.push(format!(
                    "{} {} confirmed: {} first name: {:?} epoch: {} password: {}",
                    user.username.as_str(),
                    user.email.as_str(),
                    user.is_email_confirmed(),
                    user.first_name,
                    user.epoch,
                    account.password.is_some()
                ));
                let totp = account.totp;
                state.push(format!(
                    "factor (confirmed, waiting, steps since the last code): {:?} \
                     recovery codes: {}",
                    totp.map(|totp| {
                        let step = now.as_secs().div_euclid(30);
                        let since = (totp.last_step > 0).then_some(step - totp.last_step);
                        (totp.is_confirmed(), totp.pending.is_some(), since)
                    }),
                    self.store.recovery_codes_left(id).await.unwrap()
                ));
            }
            for purpose in Purpose::ALL {
                if let Some(token) = self.store.live_token(id, purpose, now).await.unwrap() {
                    state.push(format!("token: {purpose:?} code: {}", token.code_issue));
                }
            }
            let sessions = self.store.sessions(id, now).await.unwrap();
            let mut generations: Vec<_> = sessions.iter().map(|one| one.generation).collect();
            generations.sort_unstable();
            state.push(format!("sessions: {generations:?}"));
            let audit = self.store.audit(id, None, 1000).await.unwrap();
            let mut actions: Vec<_> = audit.into_iter().map(|entry| entry.action).collect();
            actions.sort();
            state.push(format!("audit: {actions:?}"));
        }
        for identifier in [name.to_owned(), address(name), new_address(name)] {
            let taken = self.store.is_taken(&Identifier::typed(&identifier), None, now).await;
            state.push(format!("{identifier} taken: {}", taken.unwrap()));
        }
        let keys = self.store.service_keys(None, 1000).await.unwrap();
        let keys: Vec<_> = keys.into_iter().filter(|key| key.name == name).collect();
        state.push(format!(
            "service keys: {} revoked: {}",
            keys.len(),
            keys.iter().filter(|key| key.revoked_at.is_some()).count()
        ));
        let mut mails: Vec<_> = self
            .mail()
            .await
            .iter()
            .map(|mail| format!("{:?} to {}", mail.kind, mail.recipient.as_str()))
            .collect();
        mails.sort();
        state.push(format!("mails: {mails:?}"));
        state.iter().map(|line| line.replace(name, "NAME")).collect()
    }
}

pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.com")
}

/// Where somebody moves to who changes their address.
pub(crate) fn new_address(name: &str) -> String {
    format!("{name}@example.org")
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn username(text: &str) -> Username {
    Username::parse(text, 30).unwrap()
}
