//! The extractors in a host's own routes.

use std::time::Duration;

use axum::extract::{FromRef, State};
use axum::http::Request;
use axum::routing::get;
use axum::{Router, body::Body};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use usermgmt_axum::{AccessClaims, ApiError, CurrentUser, HttpConfig, HttpState, RequireAdmin};
use usermgmt_core::flows::StepUp;
use usermgmt_core::model::user::Role;

use crate::harness::{ADA, App, app};

#[derive(Clone)]
struct HostState {
    accounts: HttpState,
}

impl FromRef<HostState> for HttpState {
    fn from_ref(state: &HostState) -> Self {
        state.accounts.clone()
    }
}

fn host(app: &App) -> Router {
    let accounts = HttpState::new(app.auth.clone(), HttpConfig::default());
    Router::new()
        .route("/claims", get(async |claims: AccessClaims| claims.username.clone()))
        .route("/user", get(async |user: CurrentUser| user.user.username.to_string()))
        .route("/pay", get(pay))
        .route("/admin", get(async |admin: RequireAdmin| admin.user.username.to_string()))
        .with_state(HostState { accounts })
}

async fn pay(State(state): State<HostState>, user: CurrentUser) -> Result<&'static str, ApiError> {
    let lately = StepUp::new().within(Duration::from_secs(300));
    state.accounts.require(&user, lately).await?;
    state.accounts.require(&user, lately.second_factor()).await?;
    Ok("paid")
}

async fn ask(host: &Router, path: &str, token: &str) -> (u16, String) {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    let request = request.body(Body::empty()).unwrap();
    let response = host.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn claims_are_checked_without_the_store_and_users_with_it() {
    let app = app().await;
    let ada = app.ada().await;
    let host = host(&app);
    app.store.take_calls();
    assert_eq!(ask(&host, "/claims", &ada.access).await, (200, "ada".to_owned()));
    assert_eq!(app.store.take_calls().statements(), 0);
    assert_eq!(ask(&host, "/user", &ada.access).await, (200, "ada".to_owned()));
    // That the token was used is noted beside, whenever that is done.
    assert_eq!(app.store.take_calls().reads, 1);

    app.call("POST", "/api/v1/signout").bearer(&ada.access).send().await.has_status(204);
    assert_eq!(ask(&host, "/claims", &ada.access).await.0, 200);
    assert_eq!(ask(&host, "/user", &ada.access).await.0, 401);
    assert_eq!(ask(&host, "/claims", "garbage").await.0, 401);
}

#[tokio::test]
async fn an_admins_route_refuses_everybody_else() {
    let app = app().await;
    let ada = app.ada().await;
    let host = host(&app);
    let (status, body) = ask(&host, "/admin", &ada.access).await;
    assert_eq!(status, 403);
    assert!(body.contains("\"forbidden\""), "{body}");
    set_role(&app, &ada.user_id, Role::Admin).await;
    assert_eq!(ask(&host, "/admin", &ada.access).await, (200, "ada".to_owned()));
    set_role(&app, &ada.user_id, Role::User).await;
    assert_eq!(ask(&host, "/admin", &ada.access).await.0, 403, "a demotion takes effect at once");
}

async fn set_role(app: &App, id: &str, role: Role) {
    use usermgmt_core::store::{Change, Changes, Store as _, UserPatch};
    let id = id.parse().unwrap();
    let user = app.auth.user(&id).await.unwrap().unwrap();
    let set = Box::new(UserPatch { role: Some(role), ..UserPatch::default() });
    let at = app.auth.now();
    let change = Change::UpdateUser { id, epoch: user.epoch, raise_epoch: true, at, set };
    let rng = usermgmt_core::rng::OsRng;
    app.store.apply(&Changes::new(vec![change], at, &rng)).await.unwrap();
}

#[tokio::test]
async fn a_host_asks_for_a_recent_sign_in_and_a_second_factor() {
    let app = app().await;
    let host = host(&app);
    let first = app.ada().await;
    let (status, body) = ask(&host, "/pay", &first.access).await;
    assert!(status == 403 && body.contains("\"mfa_required\""), "{body}");

    let ada = app.with_second_factor(ADA, &first).await;
    assert_eq!(ask(&host, "/pay", &ada.access).await, (200, "paid".to_owned()));
    app.advance(301);
    let (status, body) = ask(&host, "/pay", &ada.access).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["error"]), (403, &"reauthentication_required".into()), "{body}");
    assert_eq!(body["methods"], serde_json::json!(["password"]), "{body}");
}
