//! The whole router over a store, with a clock that stands and a mailbox to
//! look into.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use usermgmt_axum::{HttpConfig, HttpState, standalone};
use usermgmt_core::clock::{Clock as _, SystemClock, Timestamp};
use usermgmt_core::config::Config;
use usermgmt_core::keys::KeyRing;
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::password::HasherConfig;
use usermgmt_core::store::Store as _;
#[cfg(any(feature = "oidc", feature = "passkeys"))]
use usermgmt_core::store::{Change, Changes, UserPatch};
use usermgmt_core::testkit::{CapturingMailer, FaultyStore, MockClock, SeededRng};
use usermgmt_core::{Actor, Auth, AuthBuilder, Origin, Role};

use crate::document;
use crate::place::new_store;

/// A password that the policy accepts.
pub(crate) const PASSWORD: &str = "Wr9-tidal-lantern";
/// Another one.
pub(crate) const OTHER_PASSWORD: &str = "Zq4-velvet-compass";

pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) auth: Auth,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) clock: MockClock,
    pub(crate) mailer: CapturingMailer,
    worker: OutboxWorker,
    _place: Box<dyn Any + Send>,
}

/// Limits off, so that no test depends on how many requests it makes.
pub(crate) async fn app() -> App {
    app_with(|_, _| {}).await
}

pub(crate) async fn app_with(set: impl FnOnce(&mut Config, &mut HttpConfig)) -> App {
    app_built(set, |builder| builder).await
}

/// Whose core is told more than the rest.
pub(crate) async fn app_built(
    set: impl FnOnce(&mut Config, &mut HttpConfig),
    extend: impl FnOnce(AuthBuilder) -> AuthBuilder,
) -> App {
    let mut config = Config::new("https://accounts.example.com".parse().unwrap());
    config.hasher = HasherConfig::insecure_for_tests();
    config.limits.enabled = false;
    let mut http = HttpConfig::default();
    set(&mut config, &mut http);
    let (store, place) = new_store().await;
    let store = Arc::new(FaultyStore::new(store));
    // Where the store has a clock, it is followed, and may not be far from ours.
    let now = match store.clock().await.unwrap() {
        Some(_) => SystemClock.now(),
        None => Timestamp::from_millis(1_800_000_000_000),
    };
    let clock = MockClock::new(now);
    let mailer = CapturingMailer::default();
    let builder = Auth::builder_shared(store.clone(), keys(), config)
        .clock(clock.clone())
        .rng(SeededRng::new(1));
    let auth = extend(builder).build().await.unwrap();
    begin_step(&auth, &clock);
    let worker = OutboxWorker::new(auth.clone(), Arc::new(mailer.clone()));
    let router = standalone(HttpState::new(auth.clone(), http));
    App { router, auth, store, clock, mailer, worker, _place: place }
}

fn keys() -> KeyRing {
    KeyRing::single((7..39).collect()).unwrap()
}

/// Moves on to the beginning of an authenticator app's time step, so that every
/// run has the same time before the next.
fn begin_step(auth: &Auth, clock: &MockClock) {
    let left = (-auth.now().as_millis()).rem_euclid(30_000);
    clock.advance(Duration::from_millis(u64::try_from(left).unwrap()));
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The status and the body at once: what the contract's tables say.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: Value) -> &Self {
        assert_eq!((self.status.as_u16(), self.json()), (status, body));
        self
    }

    #[track_caller]
    pub(crate) fn has_error(&self, status: u16, error: &str) -> &Self {
        let body = self.json();
        assert_eq!((self.status.as_u16(), &body["error"]), (status, &json!(error)), "{body}");
        assert!(body["message"].is_string(), "{body}");
        self
    }

    #[track_caller]
    pub(crate) fn has_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.text)).to_owned()
    }
}

/// A request under construction.
pub(crate) struct Call<'a> {
    app: &'a App,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body.as_bytes())
    }

    pub(crate) fn body(mut self, kind: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-type", kind)
    }

    pub(crate) async fn send(self) -> Reply {
        let (method, path) = (self.method, self.path);
        let mut request = Request::builder().method(&method).uri(&path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", "accounts.example.com");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::from(self.body)).unwrap();
        let peer: SocketAddr = "203.0.113.7:50000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.app.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let kind = parts.headers.get("content-type").map(|kind| kind.to_str().unwrap());
        document::describes(method.as_str(), &path, parts.status.as_u16(), kind, &text);
        Reply { status: parts.status, headers: parts.headers, text }
    }
}

/// Whoever runs the server, for the audit log.
pub(crate) fn operator() -> Origin {
    Origin::of(Actor::Operator)
}

/// Somebody who is signed in.
pub(crate) struct Session {
    pub(crate) user_id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Session {
    fn of(reply: &Reply) -> Self {
        Self {
            user_id: reply.field("user_id"),
            access: reply.field("access_token"),
            refresh: reply.field("refresh_token"),
        }
    }
}

impl App {
    /// Another process on the same store.
    #[cfg(feature = "passkeys")]
    pub(crate) async fn replica(&self) -> Router {
        let auth = Auth::builder_shared(self.store.clone(), keys(), self.auth.config().clone())
            .clock(self.clock.clone())
            .rng(SeededRng::new(2))
            .build()
            .await
            .unwrap();
        standalone(HttpState::new(auth, HttpConfig::default()))
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        let method = method.parse().unwrap();
        Call { app: self, method, path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path).json(body).send().await
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Sends what waits and gives the last mail of that kind to that address.
    pub(crate) async fn mail(&self, kind: MailKind, to: &str) -> Message {
        while self.worker.run_once().await.unwrap() > 0 {}
        self.mailer.last(kind, to).unwrap_or_else(|| panic!("no {kind:?} to {to}"))
    }

    /// How many mails of that kind were sent to that address.
    pub(crate) async fn mails(&self, kind: MailKind, to: &str) -> usize {
        while self.worker.run_once().await.unwrap() > 0 {}
        let sent = self.mailer.sent();
        sent.iter().filter(|mail| mail.kind == kind && mail.recipient.as_str() == to).count()
    }

    pub(crate) async fn register(&self, username: &str, email: &str) -> Reply {
        let body = json!({"username": username, "email": email, "password": PASSWORD});
        self.post("/api/v1/register", body).await
    }

    pub(crate) async fn confirmed(&self, username: &str, email: &str) {
        self.register(username, email).await.has_status(201);
        let path = path_of(&self.mail(MailKind::Confirmation, email).await);
        self.call("POST", &path).send().await.has_status(200);
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Reply {
        self.post("/api/v1/signin", json!({"email": email, "password": password})).await
    }

    pub(crate) async fn session(&self, email: &str) -> Session {
        let reply = self.sign_in(email, PASSWORD).await;
        Session::of(reply.has_status(200))
    }

    /// Ada, confirmed and signed in.
    pub(crate) async fn ada(&self) -> Session {
        self.confirmed("ada", ADA).await;
        self.session(ADA).await
    }

    /// An administrator, signed in with a second factor.
    pub(crate) async fn admin(&self) -> Session {
        self.admin_called("root").await
    }

    pub(crate) async fn admin_called(&self, name: &str) -> Session {
        let email = format!("{name}@example.com");
        self.confirmed(name, &email).await;
        let first = self.promoted(&email).await;
        self.with_second_factor(&email, &first).await
    }

    /// Makes somebody an administrator, and signs them in.
    pub(crate) async fn promoted(&self, email: &str) -> Session {
        let user = self.auth.find_user(email).await.unwrap().unwrap();
        self.auth.set_role(&operator(), &user.id, Role::Admin).await.unwrap();
        self.session(email).await
    }

    /// Turns the second factor on, and signs in with it.
    pub(crate) async fn with_second_factor(&self, email: &str, first: &Session) -> Session {
        let begun = self.call("POST", "/api/v1/mfa/totp").bearer(&first.access).send().await;
        let secret = begun.has_status(200).field("secret");
        let code = json!({"code": totp(self, &secret)});
        let on = self.call("POST", "/api/v1/mfa/totp/confirm").bearer(&first.access).json(code);
        on.send().await.has_status(200);
        self.advance(30);
        let ticket = self.sign_in(email, PASSWORD).await.field("mfa_token");
        let code = json!({"mfa_token": ticket, "code": totp(self, &secret)});
        let reply = self.post("/api/v1/signin/mfa", code).await;
        self.advance(30);
        Session::of(reply.has_status(200))
    }

    /// Takes somebody's password away, as of those who never had one.
    #[cfg(any(feature = "oidc", feature = "passkeys"))]
    pub(crate) async fn without_password(&self, identifier: &str) {
        let user = self.auth.find_user(identifier).await.unwrap().unwrap();
        let set = Box::new(UserPatch { password: Some(None), ..UserPatch::default() });
        let at = self.auth.now();
        let change =
            Change::UpdateUser { id: user.id, epoch: user.epoch, raise_epoch: true, at, set };
        let changes = Changes::new(vec![change], at, &SeededRng::new(9));
        self.store.apply(&changes).await.unwrap();
    }

    pub(crate) async fn service_key(&self, allow_admin: bool) -> String {
        let made = self.auth.service_keys(None, 100).await.unwrap().len();
        let name = format!("test {made}");
        let (_, key) = self.auth.create_service_key(&operator(), &name, allow_admin).await.unwrap();
        key.expose().clone()
    }
}

pub(crate) const ADA: &str = "ada@example.com";

/// The path and query of a mail's link.
pub(crate) fn path_of(mail: &Message) -> String {
    let link = mail.link.as_ref().unwrap().expose();
    link.strip_prefix("https://accounts.example.com").unwrap().to_owned()
}

/// The token in a mail's link.
pub(crate) fn token_of(mail: &Message) -> String {
    let path = path_of(mail);
    path.rsplit(['=', '/']).next().unwrap().to_owned()
}

/// The one-time code that an authenticator app shows now.
pub(crate) fn totp(app: &App, secret: &str) -> String {
    let bytes = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(bytes)
        .build()
        .unwrap();
    totp.generate(u64::try_from(app.auth.now().as_secs()).unwrap()).to_string()
}
