//! Traces and metrics by OpenTelemetry, taken by a collector of the test's own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use serde_json::json;
use usermgmt_test_support::{PASSWORD, Setup, eventually, registered};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What arrived, by path.
type Taken = Arc<Mutex<Vec<(String, Bytes)>>>;

struct Collector {
    endpoint: String,
    taken: Taken,
    serving: tokio::task::JoinHandle<()>,
}

impl Collector {
    async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    async fn at(address: &str) -> Self {
        let taken = Taken::default();
        let app = Router::new().fallback(take).with_state(Arc::clone(&taken));
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { endpoint, taken, serving }
    }

    /// Whether something that was sent there contains this.
    fn has(&self, path: &str, what: &[u8]) -> bool {
        let taken = self.taken.lock().unwrap();
        let mut bodies = taken.iter().filter(|(at, _)| at == path).map(|(_, body)| body);
        bodies.any(|body| body.windows(what.len()).any(|window| window == what))
    }
}

async fn take(State(taken): State<Taken>, uri: Uri, body: Bytes) {
    taken.lock().unwrap().push((uri.path().to_owned(), body));
}

/// Sends soon.
fn setup(endpoint: &str) -> Setup {
    lazy(endpoint).var("OTEL_BSP_SCHEDULE_DELAY", "50").var("OTEL_METRIC_EXPORT_INTERVAL", "200")
}

/// Sends when OpenTelemetry does by itself: every five seconds and every minute.
fn lazy(endpoint: &str) -> Setup {
    Setup::new().var("USERMGMT_OTEL__ENDPOINT", endpoint)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_joins_the_trace_it_names_and_the_log_has_its_id() {
    let collector = Collector::start().await;
    let setup = setup(&collector.endpoint)
        .var("RUST_LOG", "info,usermgmt_axum=debug")
        .var("USERMGMT_LOG_FORMAT", "json");
    let server = setup.start().await;
    registered(&server, "ada", "ada@example.org").await;
    let body = json!({ "identifier": "ada", "password": PASSWORD });
    let request = server
        .request("POST", "/api/v1/signin?code=hunter2")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .header("x-request-id", "request-of-the-test")
        .json(&body);
    let reply = server.send(request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("x-request-id"), Some("request-of-the-test"));
    let token = reply.field("access_token");

    eventually("the trace", || collector.has("/v1/traces", &bytes(TRACE)).then_some(())).await;
    for name in [
        "POST /api/v1/signin",
        "request-of-the-test",
        "store apply",
        "hash password",
        "wait for a hashing thread",
        "service.name",
        "mail confirmation",
    ] {
        eventually(name, || collector.has("/v1/traces", name.as_bytes()).then_some(())).await;
    }
    assert!(collector.has("/v1/traces", &bytes(PARENT)));
    for name in [
        "usermgmt_http_requests_total",
        "usermgmt_http_request_duration_seconds",
        "usermgmt_sign_ins_total",
        "usermgmt_registrations_total",
        "usermgmt_password_hash_duration_seconds",
        "usermgmt_store_call_duration_seconds",
        "usermgmt_mails_total",
        "usermgmt_outbox_mails",
        "usermgmt_password_hash_queue",
        "/api/v1/signin",
    ] {
        eventually(name, || collector.has("/v1/metrics", name.as_bytes()).then_some(())).await;
    }
    for personal in ["ada@", "\x03ada", "hunter2", PASSWORD, token.as_str(), "127.0.0.1", "umt_"] {
        for path in ["/v1/traces", "/v1/metrics"] {
            assert!(!collector.has(path, personal.as_bytes()), "{personal} is in {path}");
        }
    }
    let log = server.log();
    let line = log.lines().find(|line| line.contains("request-of-the-test")).unwrap();
    assert!(line.contains(&format!("\"trace_id\":\"{TRACE}\"")), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hashes_passwords_is_within_the_trace_of_its_request() {
    let collector = Collector::start().await;
    let server = setup(&collector.endpoint).start().await;
    registered(&server, "ada", "ada@example.org").await;
    // Nothing else has this trace.
    let request = server
        .request("POST", "/api/v1/signin")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .json(&json!({ "identifier": "ada", "password": "not the password" }));
    assert_eq!(server.send(request).await.status, 401);
    let hashed = b"hash password";
    eventually("the hashing", || {
        let taken = collector.taken.lock().unwrap();
        // Trace id, span id, parent's id, name: in a row, as they are encoded.
        let trace = bytes(TRACE);
        taken
            .iter()
            .any(|(_, body)| {
                body.windows(56).any(|window| {
                    window.starts_with(&trace)
                        && window.windows(hashed.len()).any(|name| name == hashed)
                })
            })
            .then_some(())
    })
    .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_make_room_for_others_are_measured() {
    let collector = Collector::start().await;
    let server =
        setup(&collector.endpoint).var("USERMGMT_HTTP__MAX_CONNECTIONS", "8").start().await;
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let mut held = Vec::new();
    for _ in 0..9 {
        held.push(crate::scarce::slow(&address).await.expect("a connection"));
    }
    let has = |what: &[u8]| collector.has("/v1/metrics", what).then_some(());
    eventually("the metric", || has(b"usermgmt_refused_total")).await;
    // The label's value after its length; other names end like it.
    assert!(has(b"\x0bconnections").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_sends_what_is_left() {
    let collector = Collector::start().await;
    let server = lazy(&collector.endpoint).start().await;
    assert_eq!(server.get("/health/ready").await.status, 200);
    assert!(server.stop().await.success());
    assert!(collector.has("/v1/traces", b"GET /health/ready"));
    assert!(collector.has("/v1/metrics", b"usermgmt_http_requests_total"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_logged_once_and_found_again() {
    let gone = Collector::start().await;
    gone.serving.abort();
    let address = gone.endpoint.strip_prefix("http://").unwrap();
    let server = setup(&gone.endpoint).start().await;
    let refused = "the collector does not take traces: it cannot be reached";
    assert_eq!(server.get("/health/ready").await.status, 200);
    eventually("the failure", || server.log().contains(refused).then_some(())).await;
    // Metrics leave after several batches of traces.
    while !server.log().contains("the collector does not take metrics") {
        assert_eq!(server.get("/health/ready").await.status, 200);
    }
    let back = Collector::at(address).await;
    let again = "the collector takes traces again";
    // Only what is measured from now on gets there.
    while !server.log().contains(again) {
        assert_eq!(server.get("/health/ready").await.status, 200);
    }
    assert_eq!(server.log().matches(refused).count(), 1, "{}", server.log());
    assert!(back.has("/v1/traces", b"GET /health/ready"));
    assert!(server.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_slows_nobody_and_the_stop_little() {
    // Connections are taken by the system, and nothing is ever said.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let server = setup(&endpoint).start().await;
    // More spans than the queue of 2,048 holds, and no request waits for room.
    let asked = async {
        for _ in 0..1500 {
            assert_eq!(server.get("/health/live").await.status, 200);
            assert_eq!(server.get("/.well-known/jwks.json").await.status, 200);
        }
        registered(&server, "ada", "ada@example.org").await;
    };
    tokio::time::timeout(Duration::from_secs(30), asked).await.expect("requests are slow");
    let log = server.setup();
    let stopped = tokio::time::timeout(Duration::from_secs(12), server.stop()).await;
    assert!(stopped.expect("the stop is slow").success());
    let log = std::fs::read_to_string(log.dir().join("server.log")).unwrap();
    assert!(log.contains("the last traces and metrics did not reach the collector"), "{log}");
}

#[test]
fn an_endpoint_that_is_none_stops_the_start() {
    let output = lazy("collector:4318").command().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("otel.endpoint"), "{error}");
}
