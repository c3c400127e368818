//! A world with an outbox in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use usermgmt_core::Auth;
use usermgmt_core::clock::{Clock, Timestamp};
use usermgmt_core::config::Config;
use usermgmt_core::keys::KeyRing;
use usermgmt_core::mail::{MailError, MailKind};
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::{MailId, TokenId};
use usermgmt_core::model::mail::{MailToken, OutboxMail};
use usermgmt_core::model::token::{Purpose, Token};
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::password::HasherConfig;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, MemoryStore, OutboxStore as _, Store as _};
use usermgmt_core::testkit::FaultyStore;

use crate::cut::{Cut, CutStore};
use crate::post::Post;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A kind that carries no token and tells of what happened in the account.
pub(crate) const NOTICE: MailKind = MailKind::PasswordChanged;
/// A kind that carries no token and that strangers can cause.
pub(crate) const STRANGERS: MailKind = MailKind::AlreadyRegistered;

/// The runtime's time, which tests let pass as fast as it will.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuntimeClock(tokio::time::Instant);

impl RuntimeClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of these tests is the runtime's")]
    fn start() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_769_846_400_000) + self.0.elapsed()
    }
}

pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) store: FaultyStore,
    pub(crate) post: Post,
    pub(crate) clock: RuntimeClock,
    config: Config,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Post::default(), |_| {}).await
    }

    pub(crate) async fn with(post: Post, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new("https://accounts.example.com".parse().unwrap());
        config.hasher = HasherConfig::insecure_for_tests();
        change(&mut config);
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        let clock = RuntimeClock::start();
        let auth = auth(Arc::new(store.clone()), clock, config.clone()).await;
        Self { auth, store, post, clock, config }
    }

    /// A service of another process over the same store.
    pub(crate) async fn replica(&self) -> Auth {
        auth(Arc::new(self.store.clone()), self.clock, self.config.clone()).await
    }

    /// The same, of a process that takes so many steps from now on.
    pub(crate) async fn doomed(&self, steps: usize) -> (Auth, Cut) {
        let cut = Cut::after(1000);
        let auth = self.behind(&cut).await;
        cut.only(steps);
        (auth, cut)
    }

    /// A service whose every call of the store goes through the cut.
    pub(crate) async fn behind(&self, cut: &Cut) -> Auth {
        let store = CutStore { inner: Arc::new(self.store.clone()), cut: cut.clone() };
        auth(Arc::new(store), self.clock, self.config.clone()).await
    }

    pub(crate) fn worker(&self) -> OutboxWorker {
        OutboxWorker::new(self.auth.clone(), Arc::new(self.post.clone()))
    }

    /// A mail as flows queue it.
    pub(crate) fn mail(&self, recipient: &str, kind: MailKind) -> OutboxMail {
        let now = self.clock.now();
        OutboxMail {
            id: MailId::generate(now, &OsRng),
            kind,
            user_id: None,
            recipient: Email::parse(recipient).unwrap(),
            locale: None,
            tokens: vec![],
            params: BTreeMap::new(),
            created_at: now,
            next_attempt_at: now,
            attempts: 0,
            last_error: None,
            dead_at: None,
            lease: None,
            leased_until: None,
        }
    }

    pub(crate) async fn apply(&self, list: Vec<Change>) {
        self.store.apply(&Changes::new(list, self.clock.now(), &OsRng)).await.unwrap();
    }

    pub(crate) async fn insert(&self, mails: impl IntoIterator<Item = OutboxMail>) {
        self.apply(mails.into_iter().map(|mail| Change::InsertMail(Box::new(mail))).collect())
            .await;
    }

    pub(crate) async fn queue(&self, recipient: &str, kind: MailKind) -> MailId {
        let mail = self.mail(recipient, kind);
        let id = mail.id.clone();
        self.insert([mail]).await;
        id
    }

    /// A mail with a link that is good for this long.
    pub(crate) async fn queue_link(&self, recipient: &str, ttl: Duration) -> (MailId, TokenId) {
        let now = self.clock.now();
        let token = Token {
            id: TokenId::generate(&OsRng),
            user_id: None,
            purpose: Purpose::Reset,
            binding: None,
            created_at: now,
            expires_at: now + ttl,
            used_at: None,
            code_issue: 0,
            code_expires_at: None,
        };
        let mut mail = self.mail(recipient, MailKind::PasswordReset);
        mail.tokens = vec![MailToken { purpose: token.purpose, id: token.id, code_issue: None }];
        let ids = (mail.id.clone(), token.id);
        self.apply(vec![Change::InsertToken(token), Change::InsertMail(Box::new(mail))]).await;
        ids
    }

    pub(crate) async fn dead(&self) -> Vec<OutboxMail> {
        let dead = self.store.dead_mail(None, 1000).await.unwrap();
        dead.into_iter().map(Result::unwrap).collect()
    }

    /// How many mails are still tried.
    pub(crate) async fn waiting(&self) -> u64 {
        self.store.outbox_depth().await.unwrap().waiting
    }

    /// Lets time pass until nothing is tried any more.
    pub(crate) async fn drained(&self) {
        while self.waiting().await > 0 {
            tokio::time::sleep(10 * MINUTE).await;
        }
    }
}

async fn auth(
    store: Arc<dyn usermgmt_core::store::Store>,
    clock: RuntimeClock,
    config: Config,
) -> Auth {
    let keys = KeyRing::single((7..39).collect()).unwrap();
    Auth::builder_shared(store, keys, config).clock(clock).build().await.unwrap()
}

/// A worker at work.
pub(crate) struct Running {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Running {
    pub(crate) fn start(worker: &OutboxWorker) -> Self {
        let (stop, stopped) = oneshot::channel();
        let worker = worker.clone();
        let task = tokio::spawn(async move {
            worker
                .run(async move {
                    let _ = stopped.await;
                })
                .await;
        });
        Self { task, stop }
    }

    /// Stops it as a server does, and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }

    /// Ends it as `kill -9` does.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub(crate) fn temporary() -> MailError {
    MailError::Temporary("451 4.7.1 try again later".to_owned())
}

pub(crate) fn permanent() -> MailError {
    MailError::Permanent("550 5.1.1 no such user".to_owned())
}

/// Sent, retried, put off, dead and dropped, as a worker counted them.
pub(crate) fn counts(worker: &OutboxWorker) -> [u64; 5] {
    let counts = worker.counts();
    [&counts.sent, &counts.retried, &counts.put_off, &counts.dead, &counts.dropped]
        .map(|count| count.load(Ordering::Relaxed))
}
