//! The application as its users' browsers see it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use usermgmt_axum::{HttpConfig, HttpState};
use usermgmt_core::flows::Invite;
use usermgmt_core::password::HasherConfig;
use usermgmt_core::store::MemoryStore;
use usermgmt_core::testkit::FaultyStore;
use usermgmt_core::{Auth, Config, Email, KeyRing, Origin, PlaintextPassword, Username};

const PASSWORD: &str = "Wr9-tidal-lantern";

/// The application with Ada's account in it.
async fn app() -> Router {
    app_over(FaultyStore::new(Arc::new(MemoryStore::new()))).await
}

async fn app_over(store: FaultyStore) -> Router {
    let mut config = Config::new("https://acme.example".parse().unwrap());
    config.hasher = HasherConfig::insecure_for_tests();
    let keys = KeyRing::single((0..32).collect()).unwrap();
    let auth = Auth::builder(store, keys, config).build().await.unwrap();
    let name = Username::parse("ada", Username::MAX_OWN).unwrap();
    let address = Email::parse("ada@example.org").unwrap();
    let ada = Invite {
        password: Some(PlaintextPassword::from(PASSWORD)),
        mail: false,
        ..Invite::new(name, address, std::time::Duration::from_secs(60))
    };
    auth.invite(&Origin::default(), &ada).await.unwrap();
    usermgmt_example_pages::app(HttpState::new(auth, HttpConfig::default()))
}

async fn send(app: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = app.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, headers, String::from_utf8(bytes.to_vec()).unwrap())
}

fn get(path: &str, cookie: &str) -> Request<Body> {
    Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap()
}

fn form(path: &str, cookie: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("accept", "text/html")
        .header("cookie", cookie)
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn our_own_page_is_for_whoever_signed_in_on_the_account_pages() {
    let app = app().await;
    let (status, headers, _) = send(&app, get("/orders", "")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let sign_in = headers[header::LOCATION].to_str().unwrap();
    assert_eq!(sign_in, "/account/sign-in?return_to=/orders");
    let (_, _, page) = send(&app, get(sign_in, "")).await;
    assert!(page.contains("name=\"return_to\" value=\"/orders\""), "{page}");

    let fields = [("identifier", "ada"), ("password", PASSWORD), ("return_to", "/orders")];
    let (status, headers, page) = send(&app, form("/account/sign-in", "", &fields)).await;
    assert_eq!((status, page.as_str()), (StatusCode::SEE_OTHER, ""));
    assert_eq!(headers[header::LOCATION], "/orders");
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    let (status, _, page) = send(&app, get("/orders", cookie)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<h1>Orders of ada</h1>"), "{page}");

    let token = page.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let out = form("/account/sign-out", cookie, &[("form_token", token)]);
    assert_eq!(send(&app, out).await.0, StatusCode::SEE_OTHER);
    assert_eq!(send(&app, get("/orders", cookie)).await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in_while_the_database_is_away() {
    let store = FaultyStore::new(Arc::new(MemoryStore::new()));
    let app = app_over(store.clone()).await;
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let (_, headers, _) = send(&app, form("/account/sign-in", "", &fields)).await;
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    store.fail_next(10);
    let (status, headers, _) = send(&app, get("/orders", cookie)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.contains_key("x-request-id"));
    store.heal();
    assert_eq!(send(&app, get("/orders", cookie)).await.0, StatusCode::OK);
}
