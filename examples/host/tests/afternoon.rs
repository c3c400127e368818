//! The application as its clients see it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tower::ServiceExt as _;
use usermgmt_core::event::EventKind;
use usermgmt_core::mail::MailKind;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::password::HasherConfig;
use usermgmt_core::testkit::{CapturingMailer, MockClock};
use usermgmt_core::{AuthBuilder, Client, Config, KeyRing};
use usermgmt_example_host::{Host, MailService, Widget, disable, host};
use usermgmt_mail::{Composer, Templates};

const PASSWORD: &str = "Wr9-tidal-lantern";

struct World {
    host: Host,
    clock: MockClock,
    mailer: CapturingMailer,
    worker: OutboxWorker,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::extended(|builder| builder).await
    }

    async fn extended(extend: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new("https://acme.example".parse().unwrap());
        config.hasher = HasherConfig::insecure_for_tests();
        let keys = KeyRing::single((0..32).collect()).unwrap();
        let clock = MockClock::default();
        let file = folder.path().join("acme.db");
        let (file, given) = (file.to_str().unwrap(), clock.clone());
        let host = host(file, keys, config, |builder| extend(builder.clock(given))).await.unwrap();
        let mailer = CapturingMailer::default();
        let worker = OutboxWorker::new(host.auth.clone(), Arc::new(mailer.clone()));
        Self { host, clock, mailer, worker, _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.host.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn get(&self, path: &str, token: Option<&str>) -> (StatusCode, String) {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn pay(&self, euros: u32, token: &str) -> (StatusCode, String) {
        let request = Request::post(format!("/pay/{euros}"));
        let request = request.header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, String) {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn register(&self, name: &str, plan: &str, password: &str) -> (StatusCode, String) {
        let email = format!("{name}@example.org");
        let body = json!({ "username": name, "email": email, "password": password, "plan": plan });
        self.post("/accounts/register", body).await
    }

    /// The link of that kind in the last mail to somebody, as a path here.
    async fn mailed(&self, kind: MailKind, name: &str) -> usermgmt_core::mail::Message {
        while self.worker.run_once().await.unwrap() > 0 {}
        self.mailer.last(kind, &format!("{name}@example.org")).unwrap()
    }

    async fn access_token(&self, name: &str, plan: &str) -> String {
        assert_eq!(self.register(name, plan, PASSWORD).await.0, StatusCode::CREATED);
        let mail = self.mailed(MailKind::Confirmation, name).await;
        let link = mail.link.unwrap().expose().clone();
        let path = link.strip_prefix("https://acme.example").unwrap().to_owned();
        let confirm = Request::post(path).body(Body::empty()).unwrap();
        assert_eq!(self.send(confirm).await.0, StatusCode::OK);
        let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        let (status, text) = self.post("/accounts/signin", body).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        let reply: Value = serde_json::from_str(&text).unwrap();
        reply["access_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn accounts_and_the_applications_own_routes_and_fallback_live_side_by_side() {
    let world = World::new().await;
    let token = world.access_token("ada", "basic").await;
    let (status, text) = world.get("/hello", Some(&token)).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "Hello, ada! You have the basic plan."));
    assert_eq!(world.get("/hello", None).await.0, StatusCode::UNAUTHORIZED);
    let (status, text) = world.get("/nowhere", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(text, "There is no such page in our application");
}

#[tokio::test]
async fn a_person_and_their_row_are_made_together_or_not_at_all() {
    let world = World::new().await;
    world.register("ada", "basic", PASSWORD).await;
    assert_eq!(world.host.members.count().await.unwrap(), 1);
    let (status, text) = world.register("ada", "press", PASSWORD).await;
    assert!(status.is_client_error() && text.contains("already_exists"), "{status} {text}");
    assert_eq!(world.host.members.count().await.unwrap(), 1);
}

#[tokio::test]
async fn what_a_token_says_opens_a_route_of_our_own() {
    let world = World::new().await;
    let editor = world.access_token("ada", "press").await;
    assert_eq!(world.get("/editors", Some(&editor)).await.1, "Hello, editor ada!");
    let reader = world.access_token("bob", "basic").await;
    assert_eq!(world.get("/editors", Some(&reader)).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_worth_it_asks_for_a_recent_sign_in_or_a_second_factor() {
    let world = World::new().await;
    let token = world.access_token("ada", "basic").await;
    let (status, text) = world.pay(100, &token).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "100 euros are on their way"));
    let (status, text) = world.pay(101, &token).await;
    assert!(status == StatusCode::FORBIDDEN && text.contains("mfa_required"), "{status} {text}");
    assert_eq!(world.get("/payroll", Some(&token)).await.0, StatusCode::FORBIDDEN);

    world.clock.advance(Duration::from_secs(301));
    let (status, text) = world.pay(100, &token).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, &body["error"]),
        (StatusCode::FORBIDDEN, &json!("reauthentication_required"))
    );
    assert_eq!(body["methods"], json!(["password"]));
}

#[tokio::test]
async fn our_own_rule_refuses_a_password_in_our_own_words() {
    let world = World::new().await;
    let (status, text) = world.register("ada", "basic", "Acme-tidal-lantern").await;
    // A map from fields to texts has no place for the reason.
    let refusal: Value = serde_json::from_str(&text).unwrap();
    let said = json!({ "password": ["Choose a password without our name in it."] });
    assert_eq!((status, refusal), (StatusCode::BAD_REQUEST, said));

    let token = world.access_token("bob", "basic").await;
    let body = json!({ "current_password": PASSWORD, "new_password": "Acme-tidal-lantern" });
    let request = Request::put("/accounts/password")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let (status, text) = world.send(request.body(Body::from(body.to_string())).unwrap()).await;
    let refusal: Value = serde_json::from_str(&text).unwrap();
    let said = json!({
        "message": "Validation failed",
        "error": "validation_error",
        "details": [{
            "loc": ["new_password"],
            "msg": "Value error, Choose a password without our name in it",
            "type": "password_has_our_name",
        }],
    });
    assert_eq!((status, refusal), (StatusCode::BAD_REQUEST, said));
}

#[tokio::test]
async fn events_arrive_once_it_is_true() {
    let mut world = World::new().await;
    world.access_token("ada", "basic").await;
    let mut kinds = Vec::new();
    while let Ok(event) = world.host.events.try_recv() {
        kinds.push(event.kind);
    }
    assert!(
        matches!(
            &kinds[..],
            [EventKind::Registered, EventKind::Confirmed, EventKind::SignedIn { .. }]
        ),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn the_description_lists_what_is_mounted_where_it_is_mounted() {
    let world = World::new().await;
    let (_, text) = world.get("/openapi.json", None).await;
    let document: Value = serde_json::from_str(&text).unwrap();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert!(paths.iter().any(|path| *path == "/accounts/signin"), "{paths:?}");
    assert!(!paths.iter().any(|path| path.starts_with("/api/")), "{paths:?}");
}

#[tokio::test]
async fn one_call_beside_the_server_purges_what_has_expired() {
    let world = World::new().await;
    world.register("ada", "basic", PASSWORD).await;
    assert_eq!(world.host.auth.list_users(None, 10).await.unwrap().len(), 1);
    world.clock.advance(Duration::from_secs(30 * 86_400));
    let gone = async {
        while !world.host.auth.list_users(None, 10).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let background = world.host.auth.run(Arc::new(world.mailer.clone()), gone);
    tokio::time::timeout(Duration::from_secs(60), background).await.unwrap();
}

#[tokio::test]
async fn a_member_leaves_in_the_commit_in_which_the_person_does() {
    let world = World::new().await;
    let members = || world.host.members.count();
    // They ask for it themselves.
    let token = world.access_token("ada", "basic").await;
    let current = world.host.auth.current(&token).await.unwrap();
    world.host.auth.delete_account(&current, None).await.unwrap();
    assert_eq!(members().await.unwrap(), 0);
    // It was not them who registered.
    world.register("bob", "basic", PASSWORD).await;
    let mail = world.mailed(MailKind::Confirmation, "bob").await;
    let link = mail.not_me_link.unwrap().expose().clone();
    let not_me = link.rsplit(['/', '=']).next().unwrap();
    assert_eq!(members().await.unwrap(), 1);
    world.host.auth.not_me_link(not_me, &Client::default()).await.unwrap();
    assert_eq!(members().await.unwrap(), 0);
    // The time to confirm is over.
    world.register("eve", "basic", PASSWORD).await;
    assert_eq!(members().await.unwrap(), 1);
    world.clock.advance(Duration::from_secs(30 * 86_400));
    world.host.auth.purge().await.unwrap();
    assert_eq!(members().await.unwrap(), 0);
}

/// What a captcha's provider says of tokens: one is good.
async fn provider() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let verify = |body: String| async move {
        let is_good = body == "secret=hunter2&response=solved";
        axum::Json(json!({ "success": is_good }))
    };
    let router = axum::Router::new().route("/siteverify", axum::routing::post(verify));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/siteverify")
}

#[tokio::test]
async fn whoever_registers_solves_a_captcha() {
    let widget = Widget::new(&provider().await, "hunter2").unwrap();
    let world = World::extended(|builder| builder.captcha(widget)).await;
    let register = async |token: Option<&str>| {
        let body = json!({
            "username": "ada", "email": "ada@example.org", "password": PASSWORD, "plan": "basic",
        });
        let mut request =
            Request::post("/accounts/register").header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("usermgmt-captcha", token);
        }
        world.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let (status, text) = register(None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.contains("captcha_required"), "{text}");
    let (status, text) = register(Some("guessed")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.contains("captcha_failed"), "{text}");
    assert_eq!(world.host.members.count().await.unwrap(), 0);
    assert_eq!(register(Some("solved")).await.0, StatusCode::CREATED);
}

/// A mail service that keeps what it was given, and what it was asked with.
async fn mail_service() -> (String, mpsc::UnboundedReceiver<(HeaderMap, Value)>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, mails) = mpsc::unbounded_channel();
    let take = |headers: HeaderMap, axum::Json(mail): axum::Json<Value>| async move {
        let is_ours = headers["authorization"] == "Bearer hunter2";
        sender.send((headers, mail)).unwrap();
        if is_ours { StatusCode::ACCEPTED } else { StatusCode::UNAUTHORIZED }
    };
    let router = axum::Router::new().route("/mails", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/mails"), mails)
}

#[tokio::test]
async fn mails_leave_by_our_own_service() {
    let world = World::new().await;
    let (url, mut mails) = mail_service().await;
    let composer = Composer::new("acme@example.org", Arc::new(Templates::built_in().unwrap()));
    let composer = composer.unwrap();
    let service = |key| Arc::new(MailService::new(&url, key, composer.clone()).unwrap());
    world.register("ada", "basic", PASSWORD).await;

    // The mail is kept where the key is wrong, and sent when that is mended.
    let wrong = OutboxWorker::new(world.host.auth.clone(), service("hunter3"));
    wrong.run_once().await.unwrap();
    let (first, _) = mails.try_recv().unwrap();
    world.clock.advance(Duration::from_secs(3600));
    OutboxWorker::new(world.host.auth.clone(), service("hunter2")).run_once().await.unwrap();
    let (again, mail) = mails.try_recv().unwrap();
    assert_eq!(again["idempotency-key"], first["idempotency-key"]);
    assert_eq!(mail["to"], "ada@example.org");
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains("https://acme.example/confirm-email/"), "{text}");
    world.clock.advance(Duration::from_secs(3600));
    OutboxWorker::new(world.host.auth.clone(), service("hunter2")).run_once().await.unwrap();
    assert!(mails.try_recv().is_err());
}

#[tokio::test]
async fn a_command_of_our_own_disables_somebody() {
    let world = World::new().await;
    let token = world.access_token("ada", "basic").await;
    assert!(disable(&world.host.auth, "bob").await.is_err());
    let ada = disable(&world.host.auth, "ada@example.org").await.unwrap();
    assert!(ada.disabled_at.is_some());
    assert_eq!(world.get("/hello", Some(&token)).await.0, StatusCode::UNAUTHORIZED);
}
