//! The connections that a server keeps to its database, by its settings.

use std::time::Duration;

use futures_util::future::join_all;
use usermgmt_test_support::{Database, Kind, Server, registered};

use crate::sql::Sql;
use crate::start::on;

/// A server on a PostgreSQL database of its own, and somebody who looks at its
/// connections.
async fn server(setting: &str, value: &str) -> (Server, Sql, Database) {
    let database = Database::of(Kind::Postgres).await.unwrap();
    let server = on(&database.url).var(setting, value).start().await;
    let watcher = Sql::connect(Kind::Postgres, &database.url).await;
    (server, watcher, database)
}

/// How many connections there are of which this is true.
async fn connections(watcher: &mut Sql, which: &str) -> usize {
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    watcher.rows(&format!("SELECT pid FROM pg_stat_activity WHERE {others} AND {which}")).await
}

/// Asks at once, so often, for what the store is asked for.
async fn ask(server: &Server, token: &str, times: usize) {
    for reply in join_all((0..times).map(|_| server.get_as(token, "/api/v1/protected"))).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_more_connections_than_the_setting_says() {
    for most in [1, 3] {
        let setting = "USERMGMT_DATABASE_CONNECTIONS";
        let (server, mut watcher, _database) = server(setting, &most.to_string()).await;
        let token = registered(&server, "ada", "ada@example.org").await.field("access_token");
        ask(&server, &token, 100).await;
        let open = connections(&mut watcher, "true").await;
        assert!((1..=most).contains(&open), "{open} for {most}");
    }
}

/// The driver keeps time by the machine's clock, so this waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_no_longer_than_the_setting_says() {
    for (lifetime, stays) in [("1s", false), ("1h", true)] {
        let setting = "USERMGMT_DATABASE_MAX_LIFETIME";
        let (server, mut watcher, _database) = server(setting, lifetime).await;
        let token = registered(&server, "ada", "ada@example.org").await.field("access_token");
        for _ in 0..5 {
            ask(&server, &token, 5).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        ask(&server, &token, 5).await;
        let old = "backend_start < now() - interval '4 seconds'";
        let open = connections(&mut watcher, old).await;
        assert_eq!(open > 0, stays, "{open} of more than four seconds with {lifetime}");
    }
}
