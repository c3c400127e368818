//! A colour, a logo and rules of an operator's own, and pages of a host's own.

use axum::Router;
use axum::body::Body;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;
use usermgmt_axum::{ApiError, ClientInfo, CurrentUser, HttpConfig, HttpState, PageLook, Routes};
use usermgmt_core::PlaintextPassword;
use usermgmt_core::flows::{SignIn, SignInOutcome};

use crate::harness::{ADA, App, PASSWORD, Reply, app, app_with};

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
const RULE: &str = "h1{letter-spacing:.02em}";

async fn dressed() -> App {
    let look = PageLook::default().accent("#0b6e4f").unwrap().css(RULE).unwrap();
    let look = look.logo(LOGO.as_bytes().to_vec()).unwrap();
    app_with(|_, http| http.look = look).await
}

async fn page(app: &App, path: &str) -> Reply {
    app.get(path).header("accept", "text/html").send().await
}

#[tokio::test]
async fn every_style_sheet_ends_with_the_colour_and_the_rules() {
    let ours = dressed().await;
    for path in ["/account/style.css", "/web3m-admin/style.css", "/docs/docs.css"] {
        let style = page(&ours, path).await;
        assert!(style.has_status(200).text.contains("--accent:#0b6e4f"), "{path}");
        assert!(style.text.ends_with(RULE), "{path}");
    }
    let plain = app().await;
    let reply = page(&plain, "/account/style.css").await;
    assert!(reply.text.contains("--accent:#1a56c4") && !reply.text.contains(RULE));
}

#[tokio::test]
async fn pages_behind_mailed_links_have_them_too_and_allow_nothing_else() {
    let app = dressed().await;
    let reply = page(&app, "/reset-password?token=none").await;
    let style = reply.text.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(style.contains("--accent:#0b6e4f") && style.ends_with(RULE));
    let policy = reply.header("content-security-policy").unwrap();
    let hash = STANDARD.encode(Sha256::digest(style));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'; img-src data:")), "{policy}");
    let image = format!("src=\"data:image/svg+xml;base64,{}\"", STANDARD.encode(LOGO));
    assert!(reply.text.contains(&image), "{}", reply.text);
}

#[tokio::test]
async fn the_logo_stands_for_the_name_and_runs_nothing() {
    let ours = dressed().await;
    let sign_in = page(&ours, "/account/sign-in").await;
    let image = sign_in.text.split("<img class=\"logo\" src=\"").nth(1).unwrap();
    let (address, rest) = image.split_once('"').unwrap();
    assert!(rest.starts_with(" alt=\"usermgmt\""), "{rest}");
    let logo = page(&ours, address).await;
    assert_eq!(logo.has_status(200).text, LOGO);
    assert_eq!(logo.header("content-type"), Some("image/svg+xml"));
    let policy = logo.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    let plain = app().await;
    page(&plain, "/account/logo").await.has_status(404);
    assert!(!page(&plain, "/account/sign-in").await.text.contains("<img"));
}

#[tokio::test]
async fn another_look_is_loaded_anew() {
    let address = async |app: &App| {
        let page = page(app, "/account/sign-in").await.text;
        let rest = page.split("style.css?v=").nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    assert_ne!(address(&dressed().await).await, address(&app().await).await);
}

#[derive(Deserialize)]
struct Typed {
    name: String,
    password: String,
}

/// A sign-in page of a host's own, over the same flow.
async fn sign_in(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    headers: HeaderMap,
    Form(form): Form<Typed>,
) -> Result<Response, ApiError> {
    if !state.may_be_own_form(&headers) {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    let command = SignIn::new(&form.name, PlaintextPassword::from(form.password.as_str()));
    match state.auth().sign_in(&command, &client).await? {
        SignInOutcome::SignedIn(signed_in) => {
            let cookies = state.sign_in_cookies(&signed_in);
            let cookies = cookies.map(|cookie| (header::SET_COOKIE, cookie));
            Ok((AppendHeaders(cookies), Redirect::to("/orders")).into_response())
        }
        SignInOutcome::MfaRequired { .. } => Ok(StatusCode::UNAUTHORIZED.into_response()),
    }
}

fn host(app: &App) -> Router {
    let state = HttpState::new(app.auth.clone(), HttpConfig::default());
    Router::new()
        .route("/account/sign-in", get(async || "Our own page").post(sign_in))
        .route("/orders", get(async |user: CurrentUser| user.user.username.to_string()))
        .with_state(state.clone())
        .merge(Routes::all().replaced_page("/account/sign-in").router(state))
}

async fn ask(host: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = host.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, headers, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_sign_in_page_of_a_hosts_own_takes_the_place_of_the_built_in_one() {
    let app = app().await;
    app.confirmed("ada", ADA).await;
    let host = host(&app);
    let shown = Request::get("/account/sign-in").body(Body::empty()).unwrap();
    assert_eq!(ask(&host, shown).await.2, "Our own page");

    let form = format!("name=ada&password={PASSWORD}");
    let post = |site: &str| {
        Request::post("/account/sign-in")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .body(Body::from(form.clone()))
            .unwrap()
    };
    assert_eq!(ask(&host, post("cross-site")).await.0, StatusCode::FORBIDDEN);
    let (status, headers, _) = ask(&host, post("same-origin")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    let orders = Request::get("/orders").header("cookie", cookie).body(Body::empty()).unwrap();
    assert_eq!(ask(&host, orders).await.2, "ada");
}

#[test]
#[should_panic(expected = "no account page is at \"/account/nothing\"")]
fn a_page_that_there_is_not_cannot_be_replaced() {
    let _ = Routes::none().replaced_page("/account/nothing");
}
