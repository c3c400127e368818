//! A world to try flows in.

use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use usermgmt_core::clock::{Clock as _, Timestamp};
use usermgmt_core::config::Config;
use usermgmt_core::flows::{
    Current, RecoveryCodes, Register, RegisterError, SignIn, SignInError, SignInOutcome, SignedIn,
    TotpEnrolment,
};
use usermgmt_core::keys::KeyRing;
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::metrics::{Counted, Metrics, SignInResult, Timed};
use usermgmt_core::model::identifier::{Email, Username};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::model::profile::ProfileText;
use usermgmt_core::model::session::Session;
use usermgmt_core::model::user::{Account, PasswordHash, User};
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::password::{BreachCheck, HasherConfig};
use usermgmt_core::rng::SecureRng as _;
use usermgmt_core::secret::PlaintextPassword;
use usermgmt_core::store::{Change, Changes, MemoryStore, Store, UserPatch, UserStore as _};
use usermgmt_core::testkit::{CapturingMailer, FaultyStore, MockClock, SeededRng};
use usermgmt_core::{Actor, Auth, AuthBuilder, Client, Origin, ServiceError};

/// The password of everybody who is not asked for another.
pub(crate) const PASSWORD: &str = "purple otter swims";
/// Another one.
pub(crate) const OTHER: &str = "green walrus sings";
/// And a third.
pub(crate) const THIRD: &str = "yellow heron waits";

/// Whoever runs the server, for the audit log.
pub(crate) fn by() -> Origin {
    Origin::of(Actor::Operator)
}

/// The root secret of every world.
pub(crate) const SECRET: [u8; 32] = *b"a secret that the tests live by.";

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);

/// Keeps what was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<Mutex<Vec<Counted>>>);

impl Counts {
    /// How many sign-ins ended so.
    pub(crate) fn sign_ins(&self, result: SignInResult) -> usize {
        let wanted = Counted::SignIn(result);
        self.0.lock().unwrap().iter().filter(|counted| **counted == wanted).count()
    }
}

impl Metrics for Counts {
    fn count(&self, what: Counted) {
        self.0.lock().unwrap().push(what);
    }

    fn time(&self, _: Timed, _: Duration) {}
}

/// A service over an empty store, with what steers and watches it.
pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) store: FaultyStore,
    pub(crate) clock: MockClock,
    pub(crate) rng: SeededRng,
    pub(crate) mailer: CapturingMailer,
    pub(crate) worker: OutboxWorker,
}

/// The default policies, with hashes that cost nothing.
pub(crate) fn config() -> Config {
    let mut config = Config::new("https://accounts.example.com".parse().unwrap());
    config.hasher = HasherConfig::insecure_for_tests();
    config.least_request_time = Duration::ZERO;
    config
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world without limits on attempts, for tests that are not about them.
    pub(crate) async fn unlimited() -> Self {
        Self::with(|config| config.limits.enabled = false).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        Self::over(store, MockClock::default(), config, SECRET).await
    }

    /// A service over a store that is there already.
    pub(crate) async fn over(
        store: FaultyStore,
        clock: MockClock,
        config: Config,
        secret: [u8; 32],
    ) -> Self {
        Self::extended(store, clock, config, secret, |builder| builder).await
    }

    /// A world whose service is told more than the rest.
    pub(crate) async fn built(extend: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        Self::extended(store, MockClock::default(), config(), SECRET, extend).await
    }

    pub(crate) async fn extended(
        store: FaultyStore,
        clock: MockClock,
        config: Config,
        secret: [u8; 32],
        extend: impl FnOnce(AuthBuilder) -> AuthBuilder,
    ) -> Self {
        let mut seed = [0; 8];
        usermgmt_core::rng::OsRng.fill(&mut seed);
        let rng = SeededRng::new(u64::from_le_bytes(seed));
        let keys = KeyRing::single(secret.to_vec()).unwrap();
        let builder =
            Auth::builder(store.clone(), keys, config).clock(clock.clone()).rng(rng.clone());
        let auth = extend(builder).build().await.unwrap();
        let mailer = CapturingMailer::default();
        let worker = OutboxWorker::new(auth.clone(), Arc::new(mailer.clone()));
        store.take_calls();
        Self { auth, store, clock, rng, mailer, worker }
    }

    /// Another process over the same store and clock.
    pub(crate) async fn another(&self, keys: KeyRing, config: Config) -> Auth {
        Auth::builder(self.store.clone(), keys, config)
            .clock(self.clock.clone())
            .build()
            .await
            .unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Delivers everything that is due and takes it.
    pub(crate) async fn mail(&self) -> Vec<Message> {
        while self.worker.run_once().await.unwrap() > 0 {}
        self.mailer.take()
    }

    /// The one mail of that kind that is due; other mails are lost.
    pub(crate) async fn mailed(&self, kind: MailKind) -> Message {
        let mut mails = self.mail().await;
        mails.retain(|mail| mail.kind == kind);
        assert_eq!(mails.len(), 1, "mails of kind {kind:?}");
        mails.remove(0)
    }

    /// The kinds of mail that are due, and to whom.
    pub(crate) async fn mailed_kinds(&self) -> Vec<(MailKind, String)> {
        let mut kinds: Vec<_> =
            self.mail().await.iter().map(|m| (m.kind, m.recipient.to_string())).collect();
        kinds.sort();
        kinds
    }

    /// Registers a name at an address of its own.
    pub(crate) async fn register(&self, name: &str) {
        self.auth.register(&registration(name, &address(name), PASSWORD), &home()).await.unwrap();
    }

    pub(crate) async fn try_register(
        &self,
        name: &str,
        email: &str,
        password: &str,
    ) -> Result<(), RegisterError> {
        self.auth.register(&registration(name, email, password), &home()).await
    }

    /// Somebody who has registered and confirmed, with no mail left over.
    pub(crate) async fn member(&self, name: &str) -> User {
        self.register(name).await;
        let mails = self.mail().await;
        let mail = mails.iter().find(|mail| mail.recipient.as_str() == address(name)).unwrap();
        self.auth.confirm(&link_token(mail), &home()).await.unwrap()
    }

    pub(crate) async fn try_sign_in(
        &self,
        identifier: &str,
        password: &str,
        client: &Client,
    ) -> Result<SignInOutcome, SignInError> {
        self.auth.sign_in(&credentials(identifier, password), client).await
    }

    pub(crate) async fn sign_in(&self, identifier: &str) -> SignedIn {
        self.sign_in_with(identifier, PASSWORD).await
    }

    pub(crate) async fn sign_in_with(&self, identifier: &str, password: &str) -> SignedIn {
        signed_in(self.try_sign_in(identifier, password, &home()).await.unwrap())
    }

    /// Who a signed-in client is at present.
    pub(crate) async fn current(&self, signed_in: &SignedIn) -> Current {
        self.auth.current(signed_in.tokens.access_token.expose()).await.unwrap()
    }

    /// The same session in a later request.
    pub(crate) async fn again(&self, current: &Current) -> Current {
        let mut again = current.clone();
        again.user = self.account(&current.user.id).await.user;
        again
    }

    /// A new member who has just signed in.
    pub(crate) async fn signed_in_member(&self, name: &str) -> (SignedIn, Current) {
        self.member(name).await;
        let signed_in = self.sign_in(name).await;
        let current = self.current(&signed_in).await;
        // That this session's first tokens were received is noted beside the request.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        (signed_in, current)
    }

    /// Whether this password signs in. For worlds without limits.
    pub(crate) async fn signs_in(&self, identifier: &str, password: &str) -> bool {
        self.try_sign_in(identifier, password, &home()).await.is_ok()
    }

    pub(crate) async fn account(&self, id: &UserId) -> Account {
        self.store.account(id).await.unwrap().unwrap()
    }

    pub(crate) async fn find(&self, identifier: &str) -> Option<User> {
        self.auth.find_user(identifier).await.unwrap()
    }

    /// How many users there are.
    pub(crate) async fn users(&self) -> usize {
        self.auth.list_users(None, 1000).await.unwrap().len()
    }

    /// The actions in a user's audit log, sorted by name.
    pub(crate) async fn audited(&self, id: &UserId) -> Vec<String> {
        use usermgmt_core::store::AuditStore as _;
        let entries = self.store.audit(id, None, 1000).await.unwrap();
        let mut actions: Vec<_> = entries.into_iter().map(|entry| entry.action).collect();
        actions.sort();
        actions
    }

    /// Writes to the store behind the flows' back.
    pub(crate) async fn apply(&self, list: Vec<Change>) {
        self.store.apply(&Changes::new(list, self.now(), &self.rng)).await.unwrap();
    }

    /// What an operator does to lock somebody out.
    pub(crate) async fn disable(&self, id: &UserId) {
        let user = self.account(id).await.user;
        let set =
            Box::new(UserPatch { disabled_at: Some(Some(self.now())), ..UserPatch::default() });
        self.apply(vec![
            Change::UpdateUser {
                id: id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: self.now(),
                set,
            },
            Change::EndSessions { user_id: id.clone(), except: None },
        ])
        .await;
    }
}

/// A confirmed second factor.
pub(crate) struct Factor {
    pub(crate) enrolment: TotpEnrolment,
    pub(crate) codes: RecoveryCodes,
}

impl World {
    /// Enrols an authenticator and confirms it by its code of this moment.
    pub(crate) async fn enrol(&self, current: &Current) -> Factor {
        let enrolment = self.auth.begin_totp(&current.user.id).await.unwrap();
        let code = totp_code(&enrolment, self.now());
        let codes = self.auth.confirm_totp(&self.again(current).await, &code).await.unwrap();
        Factor { enrolment, codes }
    }
}

/// The code that an authenticator shows at that time.
pub(crate) fn totp_code(enrolment: &TotpEnrolment, at: Timestamp) -> PlaintextPassword {
    let secret = totp_rs::Secret::try_from_base32(enrolment.secret.expose()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    typed(&totp.generate(u64::try_from(at.as_secs()).unwrap()).to_string())
}

/// A client at the address that everybody uses who is not asked for another.
pub(crate) fn home() -> Client {
    client(1)
}

/// One of many clients.
pub(crate) fn client(n: u8) -> Client {
    Client {
        address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, n))),
        user_agent: Some(format!("Browser {n}")),
        ..Client::default()
    }
}

/// A client that brings its device token back.
pub(crate) fn device(n: u8, signed_in: &SignedIn) -> Client {
    Client { device_token: Some(signed_in.device_token.clone()), ..client(n) }
}

pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.com")
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn username(text: &str) -> Username {
    Username::parse(text, 30).unwrap()
}

/// A name or gender.
pub(crate) fn text(text: &str) -> Option<ProfileText> {
    Some(ProfileText::parse(text).unwrap())
}

pub(crate) fn typed(text: &str) -> PlaintextPassword {
    PlaintextPassword::from(text)
}

pub(crate) fn registration(name: &str, email: &str, password: &str) -> Register {
    Register::new(username(name), self::email(email), typed(password))
}

pub(crate) fn credentials(identifier: &str, password: &str) -> SignIn {
    SignIn::new(identifier.to_owned(), typed(password))
}

/// The token in a mail's link.
pub(crate) fn link_token(mail: &Message) -> String {
    token_of(mail.link.as_ref().unwrap().expose())
}

/// The session of a sign-in that needs no second factor.
pub(crate) fn signed_in(outcome: SignInOutcome) -> SignedIn {
    match outcome {
        SignInOutcome::SignedIn(signed_in) => *signed_in,
        SignInOutcome::MfaRequired { .. } => panic!("the second factor is asked for"),
    }
}

/// The token in a mail's "this was not me" link.
pub(crate) fn not_me_token(mail: &Message) -> String {
    token_of(mail.not_me_link.as_ref().unwrap().expose())
}

fn token_of(link: &str) -> String {
    let at = link.find("umt_").unwrap();
    link[at..].to_owned()
}

/// The code in a mail.
pub(crate) fn code(mail: &Message) -> PlaintextPassword {
    mail.code.clone().unwrap()
}

/// A short code that is not the one in this mail.
pub(crate) fn wrong_code(mail: &Message) -> PlaintextPassword {
    let right = code(mail);
    let other = if right.expose().ends_with('0') { '1' } else { '0' };
    typed(&format!("{}{other}", &right.expose()[..7]))
}

/// Whether a failure says that the store was not there.
pub(crate) fn is_unavailable(error: impl Debug) -> bool {
    format!("{error:?}").contains("Unavailable")
}

/// Whether a request was refused for too many attempts.
pub(crate) fn is_limited(service_error: &ServiceError) -> bool {
    matches!(service_error, ServiceError::RateLimited { .. })
}

/// Asks for a change of address and confirms it from the new mailbox. The mails
/// to both addresses, in the order of sending.
pub(crate) async fn change_email(world: &World, current: &Current, to: &str) -> Vec<Message> {
    use usermgmt_core::flows::UpdateProfile;
    let update = UpdateProfile { email: Some(email(to)), ..UpdateProfile::default() };
    world.auth.update_profile(&world.again(current).await, &update).await.unwrap();
    let mut mails = world.mail().await;
    let link = mails.iter().find(|mail| mail.kind == MailKind::EmailChangeConfirm).unwrap();
    world.auth.confirm_email_change(&link_token(link), &home()).await.unwrap();
    mails.extend(world.mail().await);
    mails
}

/// A breach check that knows one password.
pub(crate) fn stolen(password: &'static str) -> Option<Arc<dyn BreachCheck>> {
    #[derive(Debug)]
    struct Stolen(&'static str);

    #[async_trait::async_trait]
    impl BreachCheck for Stolen {
        async fn is_breached(&self, password: &PlaintextPassword) -> bool {
            password.expose() == self.0
        }
    }
    Some(Arc::new(Stolen(password)))
}

/// The refresh token that a server with this root secret hands out, written
/// down a second time from the design: `base64url(key id ‖ session ‖ generation
/// ‖ MAC)`, keys by HKDF, the MAC over version, key id and each field behind its
/// length.
pub(crate) fn forged_refresh_token(secret: [u8; 32], session: &Session, generation: i64) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let hkdf = hkdf::Hkdf::<sha2::Sha256>::new(None, &secret);
    let (mut key_id, mut key) = ([0; 32], [0; 32]);
    hkdf.expand(b"usermgmt/v1/key-id", &mut key_id).unwrap();
    hkdf.expand(b"usermgmt/v1/token-mac", &mut key).unwrap();
    let (key_id, generation) = (&key_id[..4], generation.to_be_bytes());
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(&[1]);
    mac.update(key_id);
    for field in [b"refresh".as_slice(), session.id.as_bytes(), &generation] {
        mac.update(&u32::try_from(field.len()).unwrap().to_be_bytes());
        mac.update(field);
    }
    let mac = mac.finalize().into_bytes();
    let bytes = [key_id, session.id.as_bytes().as_slice(), &generation, &mac].concat();
    format!("umr_{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// Stores a password's hash behind the flows' back.
pub(crate) async fn set_hash(world: &World, id: &UserId, hash: &str) {
    let epoch = world.account(id).await.user.epoch;
    let password = Some(Some(PasswordHash::from_stored(hash.to_owned())));
    world
        .apply(vec![Change::UpdateUser {
            id: id.clone(),
            epoch,
            raise_epoch: false,
            at: world.now(),
            set: Box::new(UserPatch { password, ..UserPatch::default() }),
        }])
        .await;
}
