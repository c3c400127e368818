//! docs/migrate-from-flask.md, walked: a client of the first old service that
//! knows only another base URL afterwards.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use usermgmt_core::clock::{Clock as _, SystemClock, Timestamp};
use usermgmt_test_support::{Kind, Server, Setup};

use crate::world::{flask_mysql, import, old_rows, run, target};

const KEY: &str = "the old service's key of 32 bytes";

fn now() -> i64 {
    SystemClock.now().as_secs()
}

/// A token as Flask-JWT-Extended signed it.
fn token(key: &str, kind: &str, user: &str, jti: &str, life: i64) -> String {
    signed(json!({ "alg": "HS256", "typ": "JWT" }), key, kind, user, jti, life)
}

fn signed(header: Value, key: &str, kind: &str, user: &str, jti: &str, life: i64) -> String {
    let iat = now() - 60;
    let claims = json!({
        "fresh": false, "iat": iat, "jti": jti, "type": kind, "sub": user, "nbf": iat,
        "csrf": "a3a5c4f0-7a58-4f58-a0a3-0d5b9c9cf1b1", "exp": iat + life,
    });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_secret(key.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn in_days(days: u64) -> String {
    let at = Timestamp::from_millis(now() * 1000) + Duration::from_secs(days * 86_400);
    at.to_string()
}

fn changing_over(setup: Setup) -> Setup {
    setup.var("USERMGMT_LEGACY__JWT_KEY", KEY).var("USERMGMT_LEGACY__JWT_UNTIL", in_days(30))
}

const GUIDE: &str = include_str!("../../../../docs/migrate-from-flask.md");

/// The guide's own lines that begin so.
fn lines(beginning: &str) -> impl Iterator<Item = &'static str> {
    GUIDE.lines().map(str::trim).filter(move |line| line.starts_with(beginning))
}

/// The commands of the guide, on this old database.
fn commands(old_database: &str) -> Vec<Vec<String>> {
    let words = |line: &str| -> Vec<String> {
        let words = line.split_whitespace().skip(1);
        words.map(|word| word.replace("\"$OLD_DATABASE\"", old_database)).collect()
    };
    lines("usermgmt-server import").map(words).collect()
}

/// The settings of the guide, with these values in the place of its own.
fn settings(key: &str, until: &str) -> String {
    let lines: Vec<&str> = lines("legacy.").collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let text = lines.join("\n");
    text.replacen('…', key, 1).replacen("2026-12-31T12:00:00Z", until, 1)
}

fn id(rows: &[Value], name: &str) -> String {
    let row = rows.iter().find(|row| row["username"] == name).unwrap();
    row["user_id"].as_str().unwrap().to_owned()
}

async fn refresh(server: &Server, token: &str) -> (u16, Value) {
    let reply = server.post_as(token, "/api/v1/refresh_token").await;
    (reply.status, reply.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_old_service_notices_nothing_but_the_base_url() {
    let rows = old_rows(&["flask-sql"]);
    let source = flask_mysql(&rows).await;
    let user = id(&rows, "Scrypt");
    let (access, old_refresh) =
        (token(KEY, "access", &user, "a", 3600), token(KEY, "refresh", &user, "r", 30 * 86_400));

    let setup = target(Kind::Postgres).await;
    let report = || -> Value {
        let text = std::fs::read_to_string(setup.dir().join("report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let [look, take_over] = commands(&source.url).try_into().unwrap();
    for (command, imported, already) in
        [(&look, 0, 0), (&take_over, rows.len(), 0), (&take_over, 0, rows.len())]
    {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let ran = run(&setup, &arguments);
        assert_eq!(ran.status, 0, "{command:?}: {ran:?}");
        let report = report();
        let expected = (&json!(imported), &json!(already));
        assert_eq!((&report["imported"], &report["already"]), expected, "{report}");
    }

    let settings = settings(KEY, &in_days(30));
    let server = setup.clone().file(&settings).start().await;
    let reply = server.get_as(&access, "/api/v1/protected").await;
    assert_eq!((reply.status, reply.field("user_id")), (200, user.clone()), "{reply:?}");
    let reply = server.call("PUT", "/api/v1/users", &access, json!({ "first_name": "Ann" })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    // It is never a recent sign-in, and opens nothing else.
    let reply = server.call("DELETE", "/api/v1/users", &access, json!({})).await;
    assert_eq!((reply.status, reply.field("error")), (403, "reauthentication_required".into()));
    assert_eq!(server.get_as(&access, "/api/v1/sessions").await.status, 401);
    assert_eq!(refresh(&server, &access).await.0, 401);

    let (status, tokens) = refresh(&server, &old_refresh).await;
    assert_eq!(status, 200, "{tokens}");
    let new = tokens["access_token"].as_str().unwrap();
    assert_eq!(server.get_as(new, "/api/v1/protected").await.status, 200);
    // Nobody knows when they signed in.
    let payload = URL_SAFE_NO_PAD.decode(new.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!((&claims["sub"], claims.get("auth_time")), (&json!(user), None));
    // Nobody who finds the old one later gets a session.
    let (status, body) = refresh(&server, &old_refresh).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_token")));
    // The session goes on like any other, and is no recent sign-in.
    assert_eq!(refresh(&server, tokens["refresh_token"].as_str().unwrap()).await.0, 200);
    let reply = server.call("DELETE", "/api/v1/users", new, json!({})).await;
    assert_eq!(reply.status, 403, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_that_present_one_old_token_get_one_session() {
    let rows = old_rows(&["flask-sql"]);
    let source = flask_mysql(&rows).await;
    let setup = target(Kind::Postgres).await;
    import(&setup, "flask-sql", &source.url, &[]);
    let server = std::sync::Arc::new(changing_over(setup).start().await);
    let token = token(KEY, "refresh", &id(&rows, "Scrypt"), "once", 86_400);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (server, token) = (server.clone(), token.clone());
        racing.spawn(async move { refresh(&server, &token).await.0 });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| [200, 401].contains(status)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_tokens_end_with_a_new_password_and_never_count_for_others() {
    let rows = old_rows(&["flask-sql"]);
    let source = flask_mysql(&rows).await;
    let setup = target(Kind::Sqlite).await;
    import(&setup, "flask-sql", &source.url, &[]);
    let people = [
        r#"{"usermgmt_export":1,"exported_at":"2026-01-01T00:00:00Z"}"#,
        r#"{"id":"admin","username":"boss","email":"boss@example.com","is_email_confirmed":true,"role":"admin"}"#,
        r#"{"id":"mfa","username":"careful","email":"careful@example.com","is_email_confirmed":true,"totp":{"secret":"MFRGGZDFMZTWQ2LK","algorithm":"SHA1","digits":6,"period":30}}"#,
    ];
    let path = setup.dir().join("people.jsonl");
    std::fs::write(&path, people.join("\n")).unwrap();
    assert_eq!(import(&setup, "jsonl", path.to_str().unwrap(), &[]).0, 0);
    let server = changing_over(setup).start().await;

    let native = usermgmt_test_support::registered(&server, "native", "native@example.com").await;
    let native = native.field("user_id");
    let unconfirmed = id(&rows, "unconfirmed");
    for user in ["admin", "mfa", "nobody", &native, &unconfirmed] {
        let old = token(KEY, "refresh", user, "r", 86_400);
        assert_eq!(refresh(&server, &old).await.0, 401, "{user}");
        let old = token(KEY, "access", user, "a", 3600);
        let status = server.get_as(&old, "/api/v1/protected").await.status;
        assert_eq!(status, if user == "nobody" { 404 } else { 401 }, "{user}");
    }
    let user = id(&rows, "pbkdf2");
    let critical = json!({ "alg": "HS256", "typ": "JWT", "crit": ["exp"] });
    for (name, other) in [
        ("another key", token("another key that has 32 bytes too", "refresh", &user, "k", 86_400)),
        ("over", token(KEY, "refresh", &user, "e", 30)),
        ("another kind", token(KEY, "access", &user, "t", 3600)),
        ("asks for an extension", signed(critical, KEY, "refresh", &user, "c", 86_400)),
    ] {
        assert_eq!(refresh(&server, &other).await.0, 401, "{name}");
    }

    let access = token(KEY, "access", &user, "a", 3600);
    assert_eq!(server.get_as(&access, "/api/v1/protected").await.status, 200);
    let body = json!({ "password": "another horse battery", "current_password": "old password 1" });
    let reply = server.call("PUT", "/api/v1/users", &access, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(server.get_as(&access, "/api/v1/protected").await.status, 401);
    assert_eq!(refresh(&server, &token(KEY, "refresh", &user, "r2", 86_400)).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_names_what_is_wrong_with_the_settings() {
    for (key, until, part) in [
        ("short", in_days(30), "legacy.jwt_key"),
        (KEY, in_days(32), "legacy.jwt_until"),
        (KEY, "soon".to_owned(), "legacy.jwt_until"),
    ] {
        let setup = target(Kind::Sqlite)
            .await
            .var("USERMGMT_LEGACY__JWT_KEY", key)
            .var("USERMGMT_LEGACY__JWT_UNTIL", until);
        let output = setup.command().output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(part), "{stderr}");
        assert!(!stderr.contains(key), "{stderr}");
    }
    let setup = target(Kind::Sqlite)
        .await
        .var("USERMGMT_LEGACY__JWT_KEY", "short")
        .var("USERMGMT_LEGACY__JWT_UNTIL", in_days(1))
        .var("USERMGMT_LEGACY__JWT_WEAK_KEY", "true");
    let server = setup.start().await;
    assert!(server.log().contains("legacy.jwt_key"), "{}", server.log());
    // Its length is all that counts: who moves over cannot choose it.
    let setup = target(Kind::Sqlite)
        .await
        .var("USERMGMT_LEGACY__JWT_KEY", "k".repeat(32))
        .var("USERMGMT_LEGACY__JWT_UNTIL", in_days(1));
    let server = setup.start().await;
    assert!(!server.log().contains("legacy.jwt_key"), "{}", server.log());
}
