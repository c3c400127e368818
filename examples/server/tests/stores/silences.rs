//! Connections that a database, or what stands before it, ends because nothing was
//! said on them. The silences are real: whose clock ends them cannot be moved.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;
use usermgmt_test_support::Kind;

use crate::burst::{Guest, make_account};
use crate::database_server::DatabaseServer;
use crate::front::Front;
use crate::sql::Sql;
use crate::start::on;

/// In seconds, each with the setting of how long a connection may lie unused: as it
/// comes, and shorter and longer than what ends them.
const SILENCES: [(u64, &str); 4] = [(3, "10m"), (5, "2s"), (8, "10m"), (12, "4s")];
/// How long all of it takes, so that the shorter ones come several times.
const IN_ALL: u64 = 12;

/// Servers on this database are silent side by side, and after each silence a burst is
/// served whole. `count` says what the database has of their connections.
async fn bursts_after_silences_are_served(url: &str, direct: &mut Sql, count: &str) {
    make_account(on(url)).await;
    let guests = SILENCES.map(async |(silence, idle_timeout)| {
        let setup = on(url).var("USERMGMT_DATABASE_IDLE_TIMEOUT", idle_timeout);
        let mut guest = Guest::on(setup.start().await, format!("guest{silence}n")).await;
        guest.burst().await;
        (silence, guest)
    });
    let guests = join_all(guests).await;
    let before = direct.rows(count).await;
    let silent = join_all(guests.into_iter().map(async |(silence, mut guest)| {
        for _ in 0..IN_ALL / silence {
            sleep(Duration::from_secs(silence)).await;
            guest.burst().await;
        }
    }));
    let watch = async {
        sleep(Duration::from_millis(4_500)).await;
        direct.rows(count).await
    };
    let (_, after) = tokio::join!(silent, watch);
    assert!(after < before, "of {before} connections {after} were left: none was ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_that_ends_silent_connections_fails_no_request() {
    let database = DatabaseServer::start(Kind::MySql).await;
    let mut direct = Sql::connect(Kind::MySql, &database.admin_url()).await;
    // This connection keeps the value that it began with.
    direct.run("SET GLOBAL wait_timeout = 3").await;
    let count = "SELECT 1 FROM information_schema.processlist WHERE user = 'usermgmt'";
    bursts_after_silences_are_served(&database.url(), &mut direct, count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_haproxy_that_ends_silent_connections_to_postgres_fails_no_request() {
    let front = Front::haproxy().await;
    let mut direct = Sql::connect(Kind::Postgres, &front.database.url).await;
    let count = "SELECT 1 FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
    bursts_after_silences_are_served(&front.url, &mut direct, count).await;
}
