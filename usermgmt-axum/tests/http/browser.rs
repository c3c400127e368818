//! Sessions that a browser keeps as a cookie, in the API and in a host's own routes.

use axum::body::Body;
use axum::http::Request;
use axum::routing::{get, post};
use axum::{Form, Router};
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;
use usermgmt_axum::{AccessClaims, CurrentUser, HttpConfig, HttpState, with_layers};
use usermgmt_core::keys::KeyRing;
use usermgmt_core::model::audit::Origin;
use usermgmt_core::{Auth, Client, Config};

use crate::harness::{ADA, App, PASSWORD, app};

/// A browser of Ada's: its cookie and the token of its forms.
struct Browser {
    user: usermgmt_core::UserId,
    session: usermgmt_core::Session,
    cookie: String,
    token: String,
}

async fn browser(app: &App) -> Browser {
    let ada = app.session(ADA).await;
    let current = app.auth.current(&ada.access).await.unwrap();
    let value = app.auth.browser_cookie(&current.session);
    Browser {
        cookie: format!("other=1; __Host-usermgmt={}", value.expose()),
        token: app.auth.form_token(&current.session).expose().clone(),
        user: current.user.id,
        session: current.session,
    }
}

async fn ada() -> (App, Browser) {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let browser = browser(&app).await;
    (app, browser)
}

fn host(app: &App) -> Router {
    let state = HttpState::new(app.auth.clone(), HttpConfig::default());
    let router = Router::new()
        .route("/claims", get(async |claims: AccessClaims| claims.username.clone()))
        .route("/user", get(async |user: CurrentUser| user.user.username.to_string()))
        .route(
            "/write",
            post(async |user: CurrentUser, Form(form): Form<Vec<(String, String)>>| {
                format!("{} wrote {}", user.user.username, form.len())
            })
            .delete(async |_: CurrentUser| "deleted"),
        );
    with_layers(router, &state).with_state(state)
}

async fn ask(
    host: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String) {
    let request =
        Request::builder().method(method).uri(path).header("host", "accounts.example.com");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = host.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await;
    let response = response.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_hosts_own_pages_know_who_the_cookie_is_of() {
    let (app, ada) = ada().await;
    let host = host(&app);
    let cookie = [("cookie", ada.cookie.as_str())];
    app.store.take_calls();
    for path in ["/user", "/claims"] {
        assert_eq!(ask(&host, "GET", path, &cookie, "").await, (200, "ada".to_owned()));
        // A first use of an access token is noted beside, whenever that is done.
        assert_eq!(app.store.take_calls().reads, 1);
    }
    let behind_a_gate = [("cookie", ada.cookie.as_str()), ("authorization", "Basic eDp5")];
    assert_eq!(ask(&host, "GET", "/user", &behind_a_gate, "").await.0, 200);
    for none in ["__Host-usermgmt=", "__Host-usermgmt=umb_x", "usermgmt=umb_x", "x"] {
        assert_eq!(ask(&host, "GET", "/user", &[("cookie", none)], "").await.0, 401, "{none}");
    }
}

#[tokio::test]
async fn a_hosts_own_form_is_taken_from_its_own_page_only() {
    let (app, ada) = ada().await;
    let other = browser(&app).await;
    let host = host(&app);
    let (form, own) = (format!("a=1&form_token={}", ada.token), ("sec-fetch-site", "same-origin"));
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let post = async |more: &[(&str, &str)], body: &str| {
        let mut headers = vec![kind, ("cookie", ada.cookie.as_str())];
        headers.extend_from_slice(more);
        ask(&host, "POST", "/write", &headers, body).await
    };
    assert_eq!(post(&[own], &form).await, (200, "ada wrote 2".to_owned()));
    assert_eq!(post(&[("origin", "https://accounts.example.com")], &form).await.0, 200);
    assert_eq!(post(&[own, ("usermgmt-form-token", &ada.token)], "a=1").await.0, 200);

    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.example"),
        ("origin", "https://accounts.example.com.evil.example"),
        ("origin", "http://accounts.example.com"),
        ("origin", "null"),
        ("x-nothing", "said"),
    ] {
        let (status, body) = post(&[foreign], &form).await;
        assert_eq!((status, body.contains("\"cross_site\"")), (403, true), "{foreign:?}: {body}");
    }
    // What the browser says itself counts more than what is easily forged.
    let both = [("sec-fetch-site", "cross-site"), ("origin", "https://accounts.example.com")];
    assert_eq!(post(&both, &form).await.0, 403);
    for token in ["", "x", other.token.as_str()] {
        let (status, body) = post(&[own], &format!("a=1&form_token={token}")).await;
        let is_named = body.contains("\"invalid_form_token\"");
        assert_eq!((status, is_named), (403, true), "{token}: {body}");
    }
    let headers = [own, ("cookie", ada.cookie.as_str()), ("usermgmt-form-token", &ada.token)];
    assert_eq!(ask(&host, "DELETE", "/write", &headers, "").await.0, 403);
}

#[tokio::test]
async fn by_cookie_a_page_of_another_site_reads_nothing_but_a_link_of_it_leads_there() {
    let (app, ada) = ada().await;
    let host = host(&app);
    let read = async |path: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("cookie", ada.cookie.as_str())];
        headers.extend_from_slice(more);
        ask(&host, "GET", path, &headers, "").await
    };
    let own = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];
    let typed = [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")];
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let script = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
    let image = [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")];
    for path in ["/user", "/claims"] {
        for allowed in [own, typed, link] {
            assert_eq!(read(path, &allowed).await.0, 200, "{path} {allowed:?}");
        }
        for foreign in [&script[..], &image, &script[..1], &[("origin", "https://evil.example")]] {
            let (status, body) = read(path, foreign).await;
            let is_named = body.contains("\"cross_site\"");
            assert_eq!((status, is_named), (403, true), "{path} {foreign:?}: {body}");
        }
    }
    let call = app.call("GET", "/api/v1/users").header("cookie", &ada.cookie);
    call.header("sec-fetch-site", "same-site").send().await.has_error(403, "cross_site");
    // Who has the token itself may be anywhere.
    let phone = app.session(ADA).await;
    let call = app.call("GET", "/api/v1/users").bearer(&phone.access);
    call.header("sec-fetch-site", "cross-site").send().await.has_status(200);
}

#[tokio::test]
async fn the_api_does_nothing_by_a_cookie_that_another_site_sends_along() {
    let (app, ada) = ada().await;
    let enrol = async |headers: &[(&str, &str)]| {
        let call = app.call("POST", "/api/v1/mfa/totp").header("cookie", &ada.cookie);
        let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        call.send().await
    };
    enrol(&[("sec-fetch-site", "cross-site")]).await.has_error(403, "cross_site");
    enrol(&[]).await.has_error(403, "cross_site");
    let own = ("sec-fetch-site", "same-origin");
    enrol(&[own]).await.has_error(403, "invalid_form_token");
    enrol(&[own, ("usermgmt-form-token", &ada.token)]).await.has_status(200);

    let call = app.call("PUT", "/api/v1/users").header("cookie", &ada.cookie);
    let call = call.header("sec-fetch-site", "cross-site");
    let plain = call.body("text/plain", json!({"first_name": "Eve"}).to_string().as_bytes());
    plain.send().await.has_error(403, "cross_site");
    let profile = app.get("/api/v1/users").header("cookie", &ada.cookie).send().await;
    assert_eq!(profile.has_status(200).json()["first_name"], json!(null));
}

#[tokio::test]
async fn a_cookie_is_good_for_nothing_once_its_session_or_account_ended() {
    let (app, ada) = ada().await;
    let ask = async |cookie: &str| app.get("/api/v1/users").header("cookie", cookie).send().await;
    ask(&ada.cookie).await.has_status(200);
    app.auth.end_session(&ada.user, ada.session.id, &Client::default()).await.unwrap();
    ask(&ada.cookie).await.has_error(401, "invalid_token");

    let second = browser(&app).await;
    ask(&second.cookie).await.has_status(200);
    app.auth.disable_user(&Origin::default(), &ada.user).await.unwrap();
    ask(&second.cookie).await.has_error(401, "invalid_token");
}

#[tokio::test]
async fn a_cookie_under_another_root_secret_is_nobodys() {
    let (app, ada) = ada().await;
    let config = Config::new("https://accounts.example.com".parse().unwrap());
    let keys = KeyRing::single((8..40).collect()).unwrap();
    let store = usermgmt_core::store::MemoryStore::new();
    let other = Auth::builder(store, keys, config).build().await.unwrap();
    let forged = other.browser_cookie(&ada.session);
    let cookie = format!("__Host-usermgmt={}", forged.expose());
    let reply = app.get("/api/v1/users").header("cookie", &cookie).send().await;
    reply.has_error(401, "invalid_token");
}

#[tokio::test]
async fn the_cookie_of_a_device_counts_as_its_header_does() {
    let app = crate::harness::app_with(|config, _| config.limits.enabled = true).await;
    app.confirmed("ada", ADA).await;
    let device = app.sign_in(ADA, PASSWORD).await.field("device_token");
    for _ in 0..100 {
        let wrong = app.sign_in(ADA, "Wr9-wrong-lantern").await;
        if wrong.status == 429 {
            break;
        }
    }
    let call = app.call("POST", "/api/v1/signin");
    let call = call.header("cookie", &format!("__Host-usermgmt-device={device}"));
    call.json(json!({"email": ADA, "password": PASSWORD})).send().await.has_status(200);
}
