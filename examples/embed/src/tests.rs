//! What becomes of the store while the application runs.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;
use usermgmt_axum::{HttpConfig, HttpState};
use usermgmt_core::password::HasherConfig;
use usermgmt_core::store::MemoryStore;
use usermgmt_core::testkit::MockClock;
use usermgmt_core::{Auth, Config, KeyRing};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

async fn accounts(clock: &MockClock) -> Auth {
    let mut config = Config::new("https://app.example.com".parse().unwrap());
    config.hasher = HasherConfig::insecure_for_tests();
    config.confirmation_ttl = HOUR / 2;
    config.unconfirmed_ttl = HOUR / 2;
    let keys = KeyRing::single((0..32).collect()).unwrap();
    Auth::builder(MemoryStore::new(), keys, config).clock(clock.clone()).build().await.unwrap()
}

async fn post(app: &Router, path: &str, body: &'static str) -> StatusCode {
    let request = Request::post(path).header("content-type", "application/json");
    app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status()
}

/// Somebody registers and never confirms; somebody else tries passwords.
async fn visit(app: &Router) {
    let ada = r#"{"username":"ada","email":"ada@example.org","password":"Wr9-tidal-lantern"}"#;
    assert_eq!(post(app, "/api/v1/register", ada).await, StatusCode::CREATED);
    let guess = r#"{"email":"ada@example.org","password":"password"}"#;
    assert_eq!(post(app, "/api/v1/signin", guess).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_hour_leaves_nothing_for_the_purge_that_a_server_makes() {
    let clock = MockClock::default();
    let (auth, forgotten) = (accounts(&clock).await, accounts(&clock).await);
    let app = crate::application(auth.clone()).unwrap();
    visit(&app).await;
    // The same without what runs beside the requests.
    visit(&usermgmt_axum::router(HttpState::new(forgotten.clone(), HttpConfig::default()))).await;

    tokio::time::pause();
    for _ in 0..66 {
        clock.advance(MINUTE);
        tokio::time::sleep(MINUTE).await;
    }

    assert_eq!(forgotten.list_users(None, 10).await.unwrap().len(), 1);
    assert_eq!(auth.list_users(None, 10).await.unwrap().len(), 0);
    // `usermgmt-server` does it every five minutes, and by its command `purge`.
    assert!(forgotten.purge().await.unwrap() >= 4, "an account, two names and counters are over");
    assert_eq!(auth.purge().await.unwrap(), 0);
}
