//! Metrics, and what the documentation makes of them.

use std::collections::BTreeSet;

use serde_json::json;
use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

pub(crate) async fn metrics(server: &Server) -> String {
    let log = server.log();
    let (_, rest) = log.split_once("metrics are shown at ").unwrap();
    let url = rest.split_whitespace().next().unwrap();
    let reply = reqwest::get(url).await.unwrap();
    assert_eq!(reply.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    reply.text().await.unwrap()
}

/// The value of the sample with this name and labels.
pub(crate) fn value(text: &str, sample: &str) -> f64 {
    let line =
        text.lines().find(|line| line.strip_prefix(sample).is_some_and(|l| l.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no {sample} in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

pub(crate) fn setup() -> Setup {
    Setup::new().var("USERMGMT_METRICS__LISTEN", "127.0.0.1:0")
}

#[tokio::test]
async fn what_happens_is_counted_under_the_routes_template_and_without_anything_personal() {
    let server = setup().start().await;
    registered(&server, "ada", "ada@example.org").await;
    let body = json!({ "identifier": "ada", "password": "not the password" });
    assert_eq!(server.post("/api/v1/signin", body).await.status, 401);
    server.get("/confirm-email/umt_something").await;
    server.get("/no/such/path").await;

    let text = metrics(&server).await;
    for (sample, least) in [
        ("usermgmt_registrations_total", 1.0),
        (r#"usermgmt_sign_ins_total{outcome="signed_in"}"#, 1.0),
        (r#"usermgmt_sign_ins_total{outcome="refused"}"#, 1.0),
        (
            r#"usermgmt_http_requests_total{route="/api/v1/register",method="POST",status="201"}"#,
            1.0,
        ),
        (
            r#"usermgmt_http_requests_total{route="/confirm-email/{token}",method="GET",status="400"}"#,
            1.0,
        ),
        (r#"usermgmt_http_requests_total{route="none",method="GET",status="404"}"#, 1.0),
        (r#"usermgmt_mails_total{kind="confirmation",outcome="sent"}"#, 1.0),
        ("usermgmt_password_hash_duration_seconds_count", 3.0),
        ("usermgmt_password_hash_wait_seconds_count", 3.0),
        (r#"usermgmt_store_call_duration_seconds_count{operation="apply"}"#, 2.0),
        (r#"usermgmt_outbox_mails{state="dead"}"#, 0.0),
        ("usermgmt_outbox_oldest_seconds", 0.0),
        ("usermgmt_password_hash_queue", 0.0),
        ("usermgmt_refresh_reuse_total", 0.0),
        (r#"usermgmt_refused_total{reason="overloaded"}"#, 0.0),
        (r#"usermgmt_refused_total{reason="connections"}"#, 0.0),
        (r#"usermgmt_store_connections{state="idle"}"#, 1.0),
        (r#"usermgmt_store_connections{state="busy"}"#, 0.0),
    ] {
        assert!(value(&text, sample) >= least, "{sample}: {text}");
    }
    #[cfg(target_os = "linux")]
    for (sample, least) in [
        ("process_resident_memory_bytes", 1_000_000.0),
        ("process_virtual_memory_bytes", 1_000_000.0),
        ("process_threads", 2.0),
        ("process_open_fds", 3.0),
        ("process_start_time_seconds", 1_700_000_000.0),
        // Three passwords were hashed.
        ("process_cpu_seconds_total", 0.01),
    ] {
        assert!(value(&text, sample) >= least, "{sample}: {text}");
    }
    assert!(text.contains(concat!(r#"usermgmt_build_info{version=""#, env!("CARGO_PKG_VERSION"))));
    for personal in ["ada", "example.org", "umt_something", "/no/such/path", PASSWORD] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

#[tokio::test]
async fn what_has_not_happened_yet_is_shown_too() {
    let server = setup().start().await;
    let text = metrics(&server).await;
    for sample in [
        r#"usermgmt_sign_ins_total{outcome="wrong_code"}"#,
        r#"usermgmt_rate_limited_total{limit="sign-in-client"}"#,
        r#"usermgmt_rate_limited_total{limit="email-change-to"}"#,
        r#"usermgmt_store_errors_total{kind="unavailable"}"#,
        r#"usermgmt_mails_total{kind="password_reset",outcome="dead"}"#,
        r#"usermgmt_mails_total{kind="new_device",outcome="put_off"}"#,
    ] {
        assert!(value(&text, sample) == 0.0, "{sample}: {text}");
    }
    // Which routes there will be is known when they are asked for.
    for named in [
        "# TYPE usermgmt_http_requests_total counter",
        "# TYPE usermgmt_http_request_duration_seconds histogram",
    ] {
        assert!(text.lines().any(|line| line == named), "{named}: {text}");
    }
}

#[tokio::test]
async fn a_route_is_one_series_wherever_it_is_served() {
    let server = setup().var("USERMGMT_PUBLIC_URL", "http://127.0.0.1:8080/base").start().await;
    for path in ["/health/live", "/health/live/", "/base/health/live", "/base/health/live/"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    for path in ["/", "/base", "/base/"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    let text = metrics(&server).await;
    for (route, count) in [("/health/live", 4.0), ("/", 3.0)] {
        let labels = format!("{{route=\"{route}\",method=\"GET\"");
        let requests = format!("usermgmt_http_requests_total{labels},status=\"200\"}}");
        let durations = format!("usermgmt_http_request_duration_seconds_count{labels}}}");
        assert_eq!((value(&text, &requests), value(&text, &durations)), (count, count), "{text}");
    }
}

#[cfg(feature = "mongo")]
#[tokio::test]
async fn connections_to_mongodb_are_counted() {
    let setup = Setup::on(usermgmt_test_support::Kind::Mongo).await;
    let server = setup.var("USERMGMT_METRICS__LISTEN", "127.0.0.1:0").start().await;
    let text = metrics(&server).await;
    let count = |state| value(&text, &format!("usermgmt_store_connections{{state=\"{state}\"}}"));
    assert!(count("idle") + count("busy") >= 1.0, "{text}");
}

#[tokio::test]
async fn metrics_are_not_shown_to_those_who_reach_the_api() {
    let server = setup().start().await;
    assert_eq!(server.get("/metrics").await.status, 404);
}

/// Everything in a text that looks like a metric of ours.
fn named(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        .filter(|word| word.starts_with("usermgmt_"))
        .map(|name| {
            ["_bucket", "_count", "_sum"].iter().fold(name, |n, end| n.trim_end_matches(end))
        })
        .collect()
}

#[tokio::test]
async fn dashboard_rules_and_guide_name_metrics_that_there_are() {
    // Everything that takes something to happen before it is shown.
    let server = setup().start().await;
    registered(&server, "ada", "ada@example.org").await;
    let body = json!({ "email": "nobody@example.org", "code": "12345678" });
    while server.post("/api/v1/confirm", body.clone()).await.status != 429 {}
    let shown = metrics(&server).await;
    let types = shown.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let shown: BTreeSet<&str> = types.filter_map(|line| line.split(' ').next()).collect();
    for document in [
        include_str!("../../../../docs/monitoring/grafana-dashboard.json"),
        include_str!("../../../../docs/monitoring/alerts.yml"),
        include_str!("../../../../docs/monitoring.md"),
    ] {
        let unknown: Vec<&str> =
            named(document).into_iter().filter(|name| !shown.contains(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?} are not among {shown:?}");
    }
    let guide = named(include_str!("../../../../docs/monitoring.md"));
    let missing: Vec<&&str> =
        shown.iter().filter(|n| n.starts_with("usermgmt_") && !guide.contains(**n)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in docs/monitoring.md");
}
