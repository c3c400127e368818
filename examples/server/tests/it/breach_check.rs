//! Passwords that are known from breaches, on the server as it comes.

use axum::extract::Path;
use axum::routing::get;
use serde_json::json;
use sha1::{Digest as _, Sha1};
use usermgmt_test_support::{PASSWORD, Setup};

/// A range API that knows [`PASSWORD`].
async fn range_api() -> String {
    let hash: String = Sha1::digest(PASSWORD).iter().map(|byte| format!("{byte:02X}")).collect();
    let answer = move |Path(told): Path<String>| async move {
        if hash.starts_with(&told) { format!("{}:7", &hash[5..]) } else { String::new() }
    };
    let router = axum::Router::new().route("/range/{told}", get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let url = format!("http://{address}/range");
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_password_from_a_breach_is_refused_and_any_passes_where_nobody_can_say() {
    let up = Setup::new().var("USERMGMT_BREACH_CHECK", range_api().await).start().await;
    let body =
        |password| json!({"username": "ada", "email": "ada@example.org", "password": password});
    let refused = up.post("/api/v1/register", body(PASSWORD)).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let texts = &refused.json()["password"];
    assert_eq!(*texts, json!(["Password is known from a data breach."]));
    let other = up.post("/api/v1/register", body("Zq4-velvet-compass")).await;
    assert_eq!(other.status, 201, "{other:?}");

    let down = Setup::new().var("USERMGMT_BREACH_CHECK", "http://127.0.0.1:1/range").start().await;
    let passed = down.post("/api/v1/register", body(PASSWORD)).await;
    assert_eq!(passed.status, 201, "{passed:?}");
    assert!(down.log().contains("breach_check: a password was not checked"));
    assert!(!down.log().contains(PASSWORD));
}
