//! Nothing that a client sends makes the server fail.

use serde_json::{Value, json};
use usermgmt_core::rng::SecureRng as _;
use usermgmt_core::testkit::SeededRng;

use crate::document;
use crate::harness::{ADA, App, PASSWORD, app};

const NAMES: [&str; 19] = [
    "username",
    "email",
    "password",
    "password_confirmation",
    "current_password",
    "new_password",
    "first_name",
    "last_name",
    "gender",
    "role",
    "identifier",
    "code",
    "token",
    "mfa_token",
    "user_id",
    "id",
    "_schema",
    "",
    "\u{0}",
];

/// Values that have made services fail.
fn values() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "\u{0}",
        "a\u{0}b",
        "\u{202e}evil",
        "\u{feff}",
        "é",
        "ﬀ",
        "Ⅷ",
        "😀",
        "'; DROP TABLE users;--",
        "{{7*7}}",
        "<script>",
        "%00",
        "../..",
        "a@b.c",
        "@",
        "a@",
        "@b.c",
        "x@y.z\r\nBcc: a@b.c",
        "umt_",
        "umr_AAAA",
        "umk_AAAA",
        "admin",
        "Male",
        "null",
        "0",
        "-1",
        "1e400",
        ADA,
        PASSWORD,
    ];
    let mut values: Vec<Value> = texts.into_iter().map(Value::from).collect();
    values.extend([
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!([]),
        json!([null]),
        json!({}),
        json!({"$ne": null}),
        json!({"$gt": ""}),
        json!("x".repeat(256)),
        json!("x".repeat(5000)),
        json!("é".repeat(30_000)),
    ]);
    values
}

/// Every method of every documented path, served with tokens of every kind.
async fn shoot(app: &App, tokens: &[String], body: &[u8], kind: &str, query: &str) {
    for (method, path, _) in document::operations() {
        let path = path.replace("{token}", "umt_AAAA").replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA");
        for token in tokens {
            let call = app.call(&method, &format!("{path}?{query}"));
            let reply = call.header("authorization", token).body(kind, body).send().await;
            assert!(reply.status.as_u16() < 500, "{method} {path} {body:?}: {}", reply.text);
        }
    }
}

async fn tokens(app: &App) -> Vec<String> {
    let ada = app.ada().await;
    let key = app.service_key(true).await;
    let good = [ada.access.as_str(), ada.refresh.as_str(), key.as_str()];
    good.into_iter()
        .chain(["", "umr_", "umk_", "a.b.c"])
        .map(|token| format!("Bearer {token}"))
        .collect()
}

#[tokio::test]
async fn no_value_in_any_field_makes_the_server_fail() {
    let app = app().await;
    let tokens = tokens(&app).await;
    let rng = SeededRng::new(42);
    let values = values();
    for _ in 0..25 {
        let mut body = json!({});
        for name in NAMES {
            let at = usize::try_from(rng.below(values.len() as u64 + 8)).unwrap();
            if let Some(value) = values.get(at) {
                body[name] = value.clone();
            }
        }
        shoot(&app, &tokens, body.to_string().as_bytes(), "application/json", "").await;
    }
}

#[tokio::test]
async fn no_body_makes_the_server_fail() {
    let app = app().await;
    let tokens = tokens(&app).await;
    let rng = SeededRng::new(7);
    for round in 0..10_usize {
        let mut body = vec![0; round * 31];
        rng.fill(&mut body);
        for kind in ["application/json", "application/x-www-form-urlencoded", "text/html"] {
            shoot(&app, &tokens[..3], &body, kind, "").await;
        }
    }
}

#[tokio::test]
async fn no_query_makes_the_server_fail() {
    let app = app().await;
    let tokens = tokens(&app).await;
    for query in [
        "user_id=%00&identifier=%00&token=%00",
        "user_id=%FF&identifier=%FF&token=%FF",
        "user_id=&identifier=&token=",
        "user_id[]=1&identifier[$ne]=1&token[a]=1",
        "user_id=a&user_id=b&identifier=a&identifier=b",
        "&&&===%%%",
        "identifier=%F0%9F%98%80%0D%0A&user_id=%0D%0A&token=%0D%0A",
    ] {
        shoot(&app, &tokens, b"", "application/json", query).await;
    }
}
