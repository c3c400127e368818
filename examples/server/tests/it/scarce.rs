//! What a server does that has little of something.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use usermgmt_test_support::{Server, Setup, eventually, registered};

use crate::metrics;

/// How many connections of slow clients there are.
const SLOW: usize = 500;

/// A connection that has sent half a request.
pub(crate) async fn slow(address: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let half = b"POST /api/v1/signin HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(half).await.ok()?;
    Some(stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_256_descriptors_and_500_slow_connections_good_clients_are_served() {
    let server: Server = Setup::new().open_files(256).start().await;
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let mut held = Vec::new();
    for n in 0..SLOW {
        held.extend(slow(&address).await);
        if n % 50 == 49 {
            let reply = tokio::time::timeout(Duration::from_secs(5), server.get("/health/ready"));
            assert_eq!(reply.await.expect("no answer in time").status, 200, "after {n}");
        }
    }
    assert!(held.len() > SLOW / 2, "{} were taken", held.len());
    eventually("the limit to be told", || {
        server.log().contains("leaves room for fewer").then_some(())
    })
    .await;
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_make_room_for_others_are_counted() {
    let server = metrics::setup().var("USERMGMT_HTTP__MAX_CONNECTIONS", "20").start().await;
    let cut = async || {
        let text = metrics::metrics(&server).await;
        metrics::value(&text, r#"usermgmt_refused_total{reason="connections"}"#)
    };
    assert_eq!(cut().await, 0.0);
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let mut held = Vec::new();
    for _ in 0..50 {
        held.push(slow(&address).await.expect("a connection"));
    }
    // It comes after them, so that all have been taken once it is answered.
    assert_eq!(server.get("/health/live").await.status, 200);
    assert_eq!(cut().await, 31.0, "51 came, and there is room for 20");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_of_a_storm_of_sign_ins_is_refused_and_others_are_served() {
    let server = metrics::setup().var("USERMGMT_LIMITS__ENABLED", "false").start().await;
    let token = registered(&server, "ada", "ada@example.org").await.field("access_token");
    let storm = join_all((0..600).map(|number| {
        let body = json!({ "identifier": format!("nobody{number}"), "password": "a guess" });
        server.post("/api/v1/signin", body)
    }));
    let others = async {
        for _ in 0..20 {
            let asked = server.get_as(&token, "/api/v1/protected");
            let reply = tokio::time::timeout(Duration::from_secs(5), asked).await;
            assert_eq!(reply.expect("no answer in time").status, 200);
        }
    };
    let (replies, ()) = tokio::join!(storm, others);
    let (refused, answered): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status == 503);
    assert!(!refused.is_empty(), "all had room");
    let text = metrics::metrics(&server).await;
    let counted = metrics::value(&text, r#"usermgmt_refused_total{reason="overloaded"}"#);
    assert_eq!(counted, refused.len() as f64, "{text}");
    for reply in refused {
        assert_eq!(reply.field("error"), "overloaded");
        assert!(reply.header("retry-after").is_some(), "{reply:?}");
    }
    // As many as there is room for, at least.
    assert!(answered.len() >= 100, "{} were answered", answered.len());
    assert!(answered.iter().all(|reply| reply.status == 401));
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "how long a real process takes to stop")]
async fn with_the_database_gone_it_stops_within_fifteen_seconds() {
    use usermgmt_test_support::proxy::TextProxy;
    use usermgmt_test_support::{Database, Kind};

    let database = Database::of(Kind::Postgres).await.unwrap();
    let proxy = TextProxy::before(&database.url, "nothing of this is ever said").await;
    let server = Setup::new()
        .var("USERMGMT_SECRET", "A".repeat(42) + "I")
        .var("USERMGMT_DATABASE_URL", proxy.url.clone())
        .start()
        .await;
    registered(&server, "ada", "ada@example.org").await;
    drop(proxy);
    assert_eq!(server.get("/health/ready").await.status, 503);
    let log = server.log();
    assert!(log.contains("not ready error=the store is not available: "), "{log}");
    let began = std::time::Instant::now();
    assert_eq!(server.stop().await.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}
