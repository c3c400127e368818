//! What surrounds every handler: ids, headers, addresses, origins, time.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use serde_json::json;
use tower::ServiceExt as _;
use usermgmt_core::config::Rate;

use crate::harness::{ADA, app, app_with};
use crate::logs::Logs;

#[tokio::test]
async fn every_answer_has_an_id_and_keeps_a_sane_one() {
    let app = app().await;
    let first = app.get("/health/live").send().await;
    let second = app.get("/nothing").send().await;
    let id = |reply: &crate::harness::Reply| reply.header("x-request-id").unwrap().to_owned();
    assert_eq!(id(&first).len(), 32);
    assert_ne!(id(&first), id(&second));
    let own = app.get("/health/live").header("x-request-id", "abc-123_x.y").send().await;
    assert_eq!(id(&own), "abc-123_x.y");
    for insane in ["", "a b", "<script>", &"x".repeat(65)] {
        let reply = app.get("/health/live").header("x-request-id", insane).send().await;
        assert_ne!(id(&reply), insane);
    }
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let app = app().await;
    for path in ["/health/live", "/nothing", "/api/v1/protected", "/confirm-email/x"] {
        let reply = app.get(path).send().await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(reply.header("strict-transport-security"), None);
    }
    let app = app_with(|_, http| http.hsts = true).await;
    let reply = app.get("/health/live").send().await;
    assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"));
}

#[tokio::test]
async fn a_store_that_fails_tells_nothing_but_an_id() {
    let app = app().await;
    app.store.fail_next(1000);
    let reply = app.sign_in(ADA, "x").await;
    assert!(!reply.text.contains("injected"), "{}", reply.text);
}

#[tokio::test]
async fn a_forwarded_address_is_believed_from_trusted_proxies_only() {
    let limited = |trusted: bool| {
        app_with(move |config, http| {
            config.limits.enabled = true;
            config.limits.sign_in_client = Rate::per_minutes(1, 15);
            if trusted {
                http.trusted_proxies = vec!["203.0.113.0/24".parse().unwrap()];
            }
        })
    };
    for (trusted, second) in [(false, 429), (true, 401)] {
        let app = limited(trusted).await;
        for (client, status) in [("198.51.100.1", 401), ("198.51.100.2", second)] {
            let body = json!({"email": ADA, "password": "wrong"});
            let call = app.call("POST", "/api/v1/signin").header("x-forwarded-for", client);
            call.json(body).send().await.has_status(status);
        }
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_may_call_the_account_api() {
    let origin = "https://app.example.com";
    let app = app_with(|_, http| http.cors_origins = vec![origin.parse().unwrap()]).await;
    let preflight = app
        .call("OPTIONS", "/api/v1/users")
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await;
    assert_eq!(preflight.has_status(200).header("access-control-allow-origin"), Some(origin));
    // Whatever the account API has.
    let allowed = preflight.header("access-control-allow-methods").unwrap();
    let document = app.get("/openapi.json").send().await.json();
    let mut methods = std::collections::BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        if path.starts_with("/api/v1/") && !path.starts_with("/api/v1/admin/") {
            methods.extend(operations.as_object().unwrap().keys().cloned());
        }
    }
    assert!(methods.contains("patch"), "{methods:?}");
    for method in methods {
        let allows = allowed.split(',').any(|one| one.trim().eq_ignore_ascii_case(&method));
        assert!(allows || method == "parameters", "{method} is not among {allowed}");
    }
    let call = app.get("/api/v1/protected").header("origin", origin);
    let reply = call.send().await;
    assert_eq!(reply.has_status(401).header("access-control-allow-origin"), Some(origin));

    let foreign = app.get("/api/v1/protected").header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.header("access-control-allow-origin"), None);
    let users = app.get("/api/users/id").header("origin", origin);
    assert_eq!(users.send().await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_preflight_is_answered_for_the_headers_that_it_asks_for() {
    let app =
        app_with(|_, http| http.cors_origins = vec!["capacitor://localhost".parse().unwrap()]);
    let app = app.await;
    let asked = "authorization,traceparent,x-requested-with";
    let call = app.call("OPTIONS", "/api/v1/signin").header("origin", "capacitor://localhost");
    let call = call.header("access-control-request-method", "POST");
    let reply = call.header("access-control-request-headers", asked).send().await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("capacitor://localhost"));
    assert_eq!(reply.header("access-control-allow-headers"), Some(asked));
}

#[tokio::test]
async fn a_wildcard_allows_one_label() {
    let app =
        app_with(|_, http| http.cors_origins = vec!["https://*.example.org".parse().unwrap()]);
    let app = app.await;
    for (origin, allowed) in [
        ("https://app.example.org", true),
        ("https://example.org", false),
        ("https://a.b.example.org", false),
    ] {
        let reply = app.get("/api/v1/protected").header("origin", origin).send().await;
        let expected = allowed.then_some(origin);
        assert_eq!(reply.header("access-control-allow-origin"), expected, "{origin}");
    }
}

#[tokio::test]
async fn what_is_the_same_for_everybody_may_be_read_by_any_page() {
    let app = app().await;
    for (path, status) in [
        ("/.well-known/jwks.json", 200),
        ("/openapi.json", 200),
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/api/users/health", 200),
        ("/nothing", 404),
        ("/api/v1/nothing", 404),
        ("/api/users/nothing", 404),
    ] {
        let reply = app.get(path).header("origin", "https://any.example").send().await;
        reply.has_status(status);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
    }
    let reply = app.get("/api/v1/protected").header("origin", "https://any.example").send().await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_by_both_health_checks() {
    let app = app().await;
    app.store.fail_next(1000);
    let (logs, _logged) = Logs::capture();
    app.get("/health/ready").send().await.is(503, json!({"status": "error"}));
    assert_eq!(logs.count("the store is not available: "), 1, "the log has the cause");
    let body = json!({"status": "error", "database": "down", "user_service": "ok"});
    app.get("/api/users/health").send().await.is(503, body);
    app.get("/health/live").send().await.has_status(200);
}

#[tokio::test]
async fn without_origins_there_is_no_preflight() {
    let app = app().await;
    let call = app.call("OPTIONS", "/api/v1/users").header("origin", "https://app.example.com");
    call.send().await.has_error(405, "method_not_allowed");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_unavailable() {
    let app = app_with(|_, http| http.request_timeout = Duration::from_secs(20)).await;
    // Only now: a store is opened in real time.
    tokio::time::pause();
    let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
    let request = Request::post("/api/v1/signin").body(body).unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
}

#[tokio::test]
async fn the_public_keys_can_be_cached() {
    let app = app().await;
    let reply = app.get("/.well-known/jwks.json").send().await;
    let keys = reply.has_status(200).json()["keys"].clone();
    assert_eq!(keys[0]["kty"], "OKP");
    assert!(keys[0].get("d").is_none());
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
}
