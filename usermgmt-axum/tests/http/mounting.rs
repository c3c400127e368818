//! The routers in a host's application.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::Request;
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use usermgmt_axum::{
    ApiError, ClientInfo, CurrentUser, HttpConfig, HttpState, Require, Requirement, Routes,
    not_found, router, with_layers,
};
use usermgmt_core::flows::SignInError;

use crate::harness::{ADA, App, app, app_with, path_of};
use crate::logs::Logs;
use usermgmt_core::mail::MailKind;

fn state(app: &App) -> HttpState {
    HttpState::new(app.auth.clone(), HttpConfig::default())
}

async fn ask(router: &Router, request: Request<Body>) -> (u16, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn fetch(router: &Router, path: &str) -> (u16, String) {
    ask(router, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn send(router: &Router, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::post(path).header("content-type", "application/json");
    let (status, text) = ask(router, request.body(Body::from(body.to_string())).unwrap()).await;
    (status, serde_json::from_str(&text).unwrap())
}

async fn document(router: &Router, path: &str) -> Value {
    serde_json::from_str(&fetch(router, path).await.1).unwrap()
}

#[tokio::test]
async fn everything_merges_into_an_application_with_a_fallback_of_its_own() {
    let app = app().await;
    let own = || Router::new().fallback(async || "mine").route("/api/v1/own", get(async || "own"));
    for host in [own().merge(router(state(&app))), router(state(&app)).merge(own())] {
        assert_eq!(fetch(&host, "/nothing").await, (200, "mine".to_owned()));
        assert_eq!(fetch(&host, "/api/v1/own").await, (200, "own".to_owned()));
        assert_eq!(fetch(&host, "/health/live").await.0, 200);
        let (status, body) = fetch(&host, "/api/v1/nothing").await;
        assert!(status == 404 && body.contains("\"not_found\""), "{body}");
    }
    let plain = router(state(&app)).fallback(not_found);
    assert!(fetch(&plain, "/nothing").await.1.contains("\"not_found\""));
}

#[tokio::test]
async fn the_document_lists_what_is_mounted_where_it_is_mounted() {
    let app = app().await;
    let routes = Routes::none().account_at("/accounts/").root().without("health_live");
    let host = routes.router(state(&app));
    let document = document(&host, "/openapi.json").await;
    assert_eq!(document, serde_json::to_value(routes.openapi()).unwrap());
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/accounts/signin") && paths.contains_key("/health/ready"));
    let absent = ["/api", "/confirm-email", "/health/live", "/reset-password"];
    assert!(!paths.keys().any(|path| absent.iter().any(|start| path.starts_with(start))));
    assert_eq!(send(&host, "/accounts/signin/", &json!({})).await.0, 401);
    for path in ["/api/v1/signin", "/api/users/health", "/health/live", "/reset-password"] {
        assert_eq!(fetch(&host, path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn the_users_api_moves_with_and_without_its_trailing_slash() {
    let app = app().await;
    let host = Routes::none().users_at("/internal").router(state(&app));
    for path in ["/internal", "/internal/"] {
        assert_eq!(send(&host, path, &json!({})).await.0, 401, "{path}");
    }
}

async fn own_sign_in(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
) -> Result<Json<Value>, ApiError> {
    assert_eq!(client.address, None);
    state.auth().resend_confirmation(ADA, &client).await?;
    Err(SignInError::InvalidCredentials.into())
}

#[tokio::test]
async fn a_replaced_route_is_the_hosts_and_answers_as_described() {
    let app = app().await;
    let routes = Routes::all().replaced("sign_in");
    let own = Router::new().route("/api/v1/signin", post(own_sign_in)).with_state(state(&app));
    let host = own.merge(routes.router(state(&app)));
    let (status, body) = send(&host, "/api/v1/signin", &json!({})).await;
    assert_eq!(
        (status, body),
        (401, json!({"message": "Login unsuccessful.", "error": "invalid_credentials"}))
    );
    assert_eq!(fetch(&host, "/api/v1/protected").await.0, 401);
    let document = document(&host, "/openapi.json").await;
    assert!(document["paths"].get("/api/v1/signin").is_some());
}

#[tokio::test]
async fn one_method_of_a_path_can_be_replaced() {
    let app = app().await;
    let own = Router::new().route("/api/v1/users", axum::routing::delete(async || "kept"));
    let host = own.merge(Routes::all().replaced("delete_account").router(state(&app)));
    let request = Request::delete("/api/v1/users").body(Body::empty()).unwrap();
    assert_eq!(ask(&host, request).await, (200, "kept".to_owned()));
    assert_eq!(fetch(&host, "/api/v1/users").await.0, 401);
}

#[test]
#[should_panic(expected = "no built-in route has the operation id \"signin\"")]
fn replacing_what_is_not_there_stops_the_start() {
    let _ = Routes::all().replaced("signin");
}

#[tokio::test]
async fn a_nested_router_says_where_it_is() {
    let app = app().await;
    let host = Router::new().nest("/auth", router(state(&app)));
    assert_eq!(fetch(&host, "/auth/health/live").await.0, 200);
    let document = document(&host, "/auth/openapi.json").await;
    assert_eq!(document["servers"], json!([{"url": "https://accounts.example.com/auth"}]));
}

#[tokio::test]
async fn a_public_url_with_a_path_is_served_with_and_without_it() {
    let app = app_with(|config, _| {
        *config = usermgmt_core::Config::new("https://example.com/auth/".parse().unwrap());
        config.hasher = usermgmt_core::password::HasherConfig::insecure_for_tests();
    })
    .await;
    for prefix in ["", "/auth"] {
        app.get(&format!("{prefix}/health/live")).send().await.has_status(200);
        app.get(&format!("{prefix}/api/v1/protected/")).send().await.has_status(401);
        app.get(&format!("{prefix}/api/v1/nothing")).send().await.has_error(404, "not_found");
        let document = app.get(&format!("{prefix}/openapi.json")).send().await.json();
        assert_eq!(document["servers"], json!([{"url": "https://example.com/auth"}]), "{prefix}");
    }
    app.register("ada", ADA).await.has_status(201);
    let link = app.mail(MailKind::Confirmation, ADA).await.link.unwrap().expose().clone();
    let path = link.strip_prefix("https://example.com").unwrap();
    assert!(path.starts_with("/auth/confirm-email/"), "{path}");
    let page = app.get(path).header("accept", "text/html").send().await;
    assert!(page.has_status(200).text.contains("<form method=\"post\">"));
    let done = app.call("POST", path).header("accept", "text/html").send().await;
    let lead = "href=\"/auth/account/sign-in\"";
    assert!(done.has_status(200).text.contains(lead), "{}", done.text);
    // The pages that it leads to stay there, too.
    let page = app.get("/auth/account/sign-in").header("accept", "text/html").send().await;
    assert!(
        page.has_status(200).text.contains("action=\"/auth/account/sign-in\""),
        "{}",
        page.text
    );
    let refused = app.get("/auth/account").header("accept", "text/html").send().await;
    let to = refused.has_status(303).header("location").unwrap();
    assert!(to.starts_with("/auth/account/sign-in"), "{to}");
    for path in ["/", "/auth", "/auth/"] {
        let front = app.get(path).send().await.json();
        assert_eq!(front["openapi"], "/auth/openapi.json", "{path}");
    }
}

#[tokio::test]
async fn a_router_without_addresses_says_so_once() {
    let app = app().await;
    let host = router(state(&app));
    let (logs, _guard) = Logs::capture();
    for _ in 0..3 {
        send(&host, "/api/v1/signin", &json!({"email": ADA, "password": "x"})).await;
    }
    assert_eq!(logs.count("into_make_service_with_connect_info"), 1);
}

#[tokio::test]
async fn a_proxy_that_nobody_told_of_is_named_once() {
    let app = app().await;
    let host = router(state(&app));
    let (logs, _guard) = Logs::capture();
    let from = |peer: &str, header: &'static str| {
        let mut request = Request::post("/api/v1/signin").header("host", "x");
        request = request.header("content-type", "application/json").header(header, "1.2.3.4");
        let mut request = request.body(Body::from("{}")).unwrap();
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        request
    };
    ask(&host, from("203.0.113.7:1", "x-forwarded-for")).await;
    ask(&host, from("10.0.0.1:1", "x-other")).await;
    assert_eq!(logs.count("trusted_proxies"), 0);
    for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        ask(&host, from("10.0.0.1:1", header)).await;
    }
    assert_eq!(logs.count("trusted_proxies"), 1);
    assert_eq!(logs.count("10.0.0.1"), 1);
}

async fn failing(_: CurrentUser) -> Result<(), ApiError> {
    Err(usermgmt_core::ServiceError::Internal("hunter2".to_owned()).into())
}

#[tokio::test]
async fn a_fault_in_a_hosts_own_route_is_logged_and_not_told() {
    let app = app().await;
    let ada = app.ada().await;
    let own = Router::new().route("/failing", get(failing)).with_state(state(&app));
    let bearer = format!("Bearer {}", ada.access);
    let request = || {
        let request = Request::get("/failing").header("authorization", &bearer);
        request.header("x-request-id", "abc123").body(Body::empty()).unwrap()
    };
    let (logs, _guard) = Logs::capture();
    let (status, body) = ask(&own, request()).await;
    assert_eq!((status, logs.count("hunter2")), (500, 1));
    assert!(!body.contains("hunter2"));
    let (_, body) = ask(&with_layers(own, &state(&app)), request()).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["request_id"], "abc123");
    assert_eq!(logs.count("request_id=abc123"), 1, "the cause is under the request's id");
}

struct Named;

impl Requirement for Named {
    fn is_met(claims: &usermgmt_core::AccessClaims) -> bool {
        claims.username == "ada"
    }
}

#[tokio::test]
async fn a_hosts_own_requirement_refuses_who_does_not_meet_it() {
    let app = app().await;
    let ada = app.ada().await;
    app.confirmed("bob", "bob@example.com").await;
    let bob = app.session("bob@example.com").await;
    let route = get(async |user: Require<Named>| user.username.clone());
    let own = Router::new().route("/own", route).with_state(state(&app));
    for (token, status) in [(&ada.access, 200), (&bob.access, 403), (&"x".to_owned(), 401)] {
        let request = Request::get("/own").header("authorization", format!("Bearer {token}"));
        assert_eq!(ask(&own, request.body(Body::empty()).unwrap()).await.0, status);
    }
}

#[tokio::test]
async fn pages_lead_on_to_the_front_end() {
    let front = "https://app.example.com/welcome";
    let app = app_with(|config, _| config.frontend_url = Some(front.parse().unwrap())).await;
    app.register("ada", ADA).await.has_status(201);
    let path = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    let done = app.call("POST", &path).header("accept", "text/html").send().await;
    assert!(done.has_status(200).text.contains(&format!("<a href=\"{front}\">")), "{}", done.text);
}
