//! Guessing passwords from many addresses, at any of several servers on one store.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use usermgmt_axum::{HttpConfig, HttpState, standalone};
use usermgmt_core::mail::MailKind;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::password::HasherConfig;
use usermgmt_core::store::{MemoryStore, Store};
use usermgmt_core::testkit::{CapturingMailer, MockClock};
use usermgmt_core::{Auth, Config, KeyRing};

use crate::harness::{ADA, PASSWORD, token_of};

const WRONG: &str = "not the password";

/// Three servers with limits as they come.
struct Replicas {
    routers: Vec<Router>,
    clock: MockClock,
}

/// An answer's status and body.
type Answer = (u16, Value);

impl Replicas {
    /// With Ada, who is confirmed.
    async fn start() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock = MockClock::default();
        let mut routers = Vec::new();
        for number in 0..3 {
            let mut config = Config::new("https://accounts.example.com".parse().unwrap());
            config.least_request_time = Duration::ZERO;
            config.hasher = HasherConfig::insecure_for_tests();
            let keys = KeyRing::single((7..39).collect()).unwrap();
            let builder = Auth::builder_shared(Arc::clone(&store), keys, config);
            let auth = builder.clock(clock.clone()).build().await.unwrap();
            let router = standalone(HttpState::new(auth.clone(), HttpConfig::default()));
            if number == 0 {
                let mailer = CapturingMailer::default();
                let worker = OutboxWorker::new(auth.clone(), Arc::new(mailer.clone()));
                let body = json!({"username": "ada", "email": ADA, "password": PASSWORD});
                let answer = send(&router, host(1), "/api/v1/register", &[], &body).await;
                assert_eq!(answer.0, 201);
                while worker.run_once().await.unwrap() > 0 {}
                let token = token_of(&mailer.last(MailKind::Confirmation, ADA).unwrap());
                auth.confirm(&token, &usermgmt_core::Client::default()).await.unwrap();
            }
            routers.push(router);
        }
        Self { routers, clock }
    }

    /// The n-th sign-in: the servers take turns.
    async fn sign_in(
        &self,
        n: u32,
        from: IpAddr,
        headers: &[(&str, &str)],
        name: &str,
        password: &str,
    ) -> Answer {
        let router = &self.routers[n as usize % self.routers.len()];
        let body = json!({"identifier": name, "password": password});
        send(router, from, "/api/v1/signin", headers, &body).await
    }

    async fn wrong_guesses(&self, numbers: std::ops::Range<u32>) {
        for n in numbers {
            let (status, body) = self.sign_in(n, host(n), &[], "ada", WRONG).await;
            assert_eq!((status, &body["error"]), (401, &json!("invalid_credentials")), "{n}");
        }
    }
}

async fn send(
    router: &Router,
    from: IpAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let mut request = Request::post(path)
        .header("host", "accounts.example.com")
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from, 50_000)));
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

/// One of many addresses.
fn host(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0xc612_0000 + n))
}

#[tokio::test]
async fn ten_thousand_addresses_get_fifty_guesses_at_an_account_and_keep_its_owner_in() {
    // The fiftieth guess is one.
    let replicas = Replicas::start().await;
    replicas.wrong_guesses(0..49).await;
    assert_eq!(replicas.sign_in(49, host(49), &[], "ada", PASSWORD).await.0, 200);

    let replicas = Replicas::start().await;
    let (_, signed_in) = replicas.sign_in(0, host(0), &[], "ada", PASSWORD).await;
    let device = signed_in["device_token"].as_str().unwrap();
    replicas.wrong_guesses(0..50).await;
    for thousand in 0..10 {
        let n = thousand * 1000;
        // None after it is, by whatever name, and nobody is told.
        let (status, body) = replicas.sign_in(n, host(n + 20_000), &[], "ada", PASSWORD).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_credentials")));
        let answer = replicas.sign_in(n + 1, host(n + 30_000), &[], ADA, PASSWORD).await;
        assert_eq!(answer.0, 401);
        // From anywhere.
        let shown = [("usermgmt-device", device)];
        let owner = replicas.sign_in(n + 2, host(n + 40_000), &shown, "ada", PASSWORD).await;
        assert_eq!(owner.0, 200, "{owner:?}");
        replicas.wrong_guesses(n.max(50)..n + 1000).await;
    }
    // An hour later 25 of the day's 75 would be left: they were used up meanwhile.
    replicas.clock.advance(Duration::from_secs(3600));
    assert_eq!(replicas.sign_in(0, host(50_000), &[], "ada", PASSWORD).await.0, 401);
}

/// What a client may write into its request to seem another one.
const FORGED: [&str; 6] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "usermgmt-client-address",
];

#[tokio::test]
async fn one_password_at_a_thousand_accounts_is_stopped_whatever_address_is_forged() {
    let replicas = Replicas::start().await;
    let mut answers = Vec::new();
    for n in 0..1000 {
        let address = host(60_000 + n).to_string();
        let forwarded = format!("for={address}");
        let headers = FORGED.map(|name| match name {
            "forwarded" => (name, forwarded.as_str()),
            _ => (name, address.as_str()),
        });
        let name = format!("person{n}");
        let (status, _) = replicas.sign_in(n, host(1), &headers, &name, "Summer2026!").await;
        answers.push(status);
    }
    assert!(answers[..100].iter().all(|status| *status == 401), "{answers:?}");
    assert!(answers[100..].iter().all(|status| *status == 429), "{answers:?}");
    // Others have nothing to do with it.
    assert_eq!(replicas.sign_in(0, host(2), &[], "ada", PASSWORD).await.0, 200);
}

#[tokio::test]
async fn neither_do_forged_addresses_give_more_guesses_at_one_account() {
    let replicas = Replicas::start().await;
    for n in 0..30 {
        let address = host(60_000 + n).to_string();
        let headers = FORGED.map(|name| (name, address.as_str()));
        let (status, _) = replicas.sign_in(n, host(1), &headers, "ada", WRONG).await;
        assert_eq!(status, if n < 10 { 401 } else { 429 }, "{n}");
    }
}
