//! Which host a request is for.

use crate::harness::app;

#[tokio::test]
async fn a_malformed_host_is_refused_with_the_security_headers() {
    let app = app().await;
    for path in ["/health/live", "/api/v1/protected", "/confirm-email/x", "/nothing"] {
        for host in ["", "a b", "user@example.com", "a:b", "http://example.com", "a/b"] {
            let reply = app.get(path).header("host", host).send().await;
            reply.has_error(400, "validation_error");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path} {host}");
            assert!(reply.header("x-request-id").is_some());
        }
    }
    for host in ["localhost:8080", "127.0.0.1", "[::1]:8080", "Accounts.example.com"] {
        app.get("/health/live").header("host", host).send().await.has_status(200);
    }
}

#[tokio::test]
async fn a_doubled_host_is_refused() {
    let app = app().await;
    let call = app.get("/health/live").header("host", "a.example").header("host", "a.example");
    call.send().await.has_error(400, "validation_error");
}
