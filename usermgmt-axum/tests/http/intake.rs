//! What is refused before anything is looked at.

use serde_json::json;

use crate::harness::app;

#[tokio::test]
async fn an_unknown_path_is_not_found_in_the_users_apis_shape() {
    let app = app().await;
    let not_found = json!({
        "message": "The requested resource could not be found", "error": "not_found",
    });
    for path in
        ["/nothing", "/api/users/nothing", "/api/v1/nothing", "/api/v1/", "/api", "//", "/%FF"]
    {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            app.call(method, path).send().await.is(404, not_found.clone());
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let app = app().await;
    for (method, path, allow) in [
        ("GET", "/api/v1/register", "POST"),
        ("PATCH", "/api/v1/users", "GET,HEAD,PUT,DELETE"),
        ("POST", "/api/users/id", "GET,HEAD,DELETE"),
        ("GET", "/api/users", "POST"),
        ("GET", "/api/users/", "POST"),
        ("DELETE", "/confirm-email/x", "GET,HEAD,POST"),
        ("POST", "/health/live", "GET,HEAD"),
        ("TRACE", "/openapi.json", "GET,HEAD"),
    ] {
        let reply = app.call(method, path).json(json!([])).send().await;
        assert_eq!(
            reply.has_error(405, "method_not_allowed").header("allow"),
            Some(allow),
            "{path}"
        );
    }
}

#[tokio::test]
async fn paths_are_served_with_and_without_a_trailing_slash() {
    let app = app().await;
    for path in ["/api/v1/register", "/api/v1/signin", "/api/v1/password/forgot"] {
        for path in [path.to_owned(), format!("{path}/")] {
            let reply = app.post(&path, json!([])).await;
            assert!(reply.status == 400, "{path}: {}", reply.text);
        }
    }
    for path in
        ["/health/ready/", "/openapi.json/", "/.well-known/jwks.json/", "/api/users/health/"]
    {
        app.get(path).send().await.has_status(200);
    }
    app.get("/confirm-email/umt_x/").send().await.has_error(400, "link_invalid");
}

#[tokio::test]
async fn more_than_64_kib_is_too_much() {
    let app = app().await;
    for length in [64 * 1024 + 1, 1024 * 1024, 9 * 1024 * 1024] {
        let body = vec![b' '; length];
        for path in ["/api/v1/register", "/api/v1/signin"] {
            let call = app.call("POST", path).body("application/json", &body);
            call.send().await.has_error(413, "payload_too_large");
        }
    }
    let login = app.ada().await;
    let body = vec![b' '; 64 * 1024 + 1];
    for (method, path, token) in [
        ("POST", "/api/v1/signout", &login.access),
        ("POST", "/api/v1/refresh_token", &login.refresh),
        ("GET", "/api/v1/protected", &login.access),
    ] {
        let call = app.call(method, path).bearer(token).body("text/plain", &body);
        call.send().await.has_error(413, "payload_too_large");
    }
    app.call("GET", "/api/v1/protected").bearer(&login.access).send().await.has_status(200);
    let mut body = json!({"email": "nobody@example.com", "password": "x"}).to_string();
    body.push_str(&" ".repeat(64 * 1024 - body.len()));
    let call = app.call("POST", "/api/v1/signin").body("application/json", body.as_bytes());
    call.send().await.has_error(401, "invalid_credentials");
}

#[tokio::test]
async fn only_json_is_taken() {
    let app = app().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"]
    {
        let call = app.call("POST", "/api/v1/signin").body(kind, b"{}");
        call.send().await.has_error(415, "unsupported_media_type");
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"]
    {
        let call = app.call("POST", "/api/v1/signin").body(kind, b"{}");
        call.send().await.has_error(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let app = app().await;
    let deep = "[".repeat(5000);
    let surrogate = br#"{"email":"\ud800","password":"x"}"#;
    let bodies: [&[u8]; 7] = [
        b"",
        b"{",
        b"{\"email\": NaN}",
        b"\xff\xfe",
        b"{\"email\":\"\xff\"}",
        deep.as_bytes(),
        surrogate,
    ];
    for path in ["/api/v1/signin", "/api/v1/register", "/api/v1/password/forgot"] {
        for body in bodies {
            let call = app.call("POST", path).body("application/json", body);
            call.send().await.is(
                400,
                json!({
                    "message": "Validation failed",
                    "error": "validation_error",
                    "details": [{"loc": [], "msg": "Invalid JSON", "type": "json_invalid"}],
                }),
            );
        }
        app.call("POST", path).send().await.has_error(400, "validation_error");
    }
}

#[tokio::test]
async fn the_token_is_looked_at_before_the_body() {
    let app = app().await;
    let large = vec![b' '; 100_000];
    for (method, path, error) in [
        ("PUT", "/api/v1/users", "missing_token"),
        ("DELETE", "/api/v1/users", "missing_token"),
        ("PUT", "/api/v1/password", "missing_token"),
        ("POST", "/api/v1/mfa/totp", "missing_token"),
        ("POST", "/api/users", "unauthorized"),
    ] {
        let call = app.call(method, path).body("text/plain", &large);
        call.send().await.has_error(401, error);
    }
}
