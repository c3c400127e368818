//! The store on MySQL and MariaDB, on the server that `USERMGMT_TEST_MYSQL_URL` names.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

#[macro_use]
mod every;
mod support;

use every::migrations;
use support::Database;
use usermgmt_core::store::Store as _;
use usermgmt_store_sql::{ConnectError, PoolOptions, SqlStore};

const SERVER: &str = "USERMGMT_TEST_MYSQL_URL";

mod conformance {
    async fn fresh() -> (std::sync::Arc<dyn usermgmt_core::store::Store>, super::Database) {
        super::support::fresh(super::SERVER).await
    }

    usermgmt_core::testkit::store_conformance!(fresh);
}

macro_rules! on_the_server {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            support::$name(Database::create(SERVER).await).await;
        }
    )*};
}

on_the_server! {
    stores_that_open_one_new_database_at_once_share_it,
    a_schema_of_a_later_version_is_refused,
    the_server_tells_the_time,
    the_password_stays_out_of_debug,
    a_nul_is_in_nobodys_name_and_does_no_harm,
    a_list_whose_commit_is_answered_to_nobody_is_applied_once,
    a_list_whose_commit_does_not_arrive_is_applied_once,
    a_guard_that_fails_after_a_lost_commit_is_told,
    a_single_change_whose_reply_is_lost_is_not_replayed,
    a_server_that_went_away_and_came_back_is_used_again,
    connections_that_fell_silent_are_replaced,
    connections_that_died_while_nobody_used_them_are_replaced,
    connections_that_lay_unused_for_long_are_not_used,
    a_server_that_nobody_listens_at_is_named,
    the_first_of_several_hosts_that_answers_is_used,
}

outbox_tests!(sqlx::MySqlPool);

host_tests!(sqlx::MySqlPool, "BEGIN", "SET SESSION innodb_lock_wait_timeout = 1", async || {
    let database = Database::create(SERVER).await;
    (database.url.clone(), database)
});

#[tokio::test]
async fn a_mariadb_url_is_understood_too() {
    let database = Database::create(SERVER).await;
    let url = database.url.replacen("mysql:", "mariadb:", 1);
    let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_url_without_a_database_is_refused() {
    let refused = SqlStore::connect("mysql://localhost", PoolOptions::default()).await;
    assert!(matches!(refused, Err(ConnectError::NoDatabase)), "{refused:?}");
}

#[tokio::test]
async fn a_pool_whose_connections_would_cut_names_is_refused() {
    let database = Database::create(SERVER).await;
    let pool = sqlx::mysql::MySqlPoolOptions::new().after_connect(|conn, _| {
        Box::pin(
            async move { sqlx::raw_sql("SET SESSION sql_mode = ''").execute(conn).await.map(drop) },
        )
    });
    let pool = pool.connect(&database.url).await.unwrap();
    let refused = SqlStore::from_pool(pool).await.unwrap_err();
    assert!(matches!(refused, ConnectError::Session), "{refused}");
}

hook_tests!(sqlx::MySql, sqlx::MySqlPool, sqlx::MySqlConnection, "VARBINARY(36)");

raw_database!(
    sqlx::MySqlPool,
    "mysql",
    "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(data_type AS CHAR), \
     CAST(is_nullable AS CHAR) FROM information_schema.columns \
     WHERE table_schema = DATABASE() AND table_name LIKE 'usermgmt%' \
     AND extra NOT LIKE '%GENERATED%' \
     ORDER BY table_name, ordinal_position",
    "X'{}'",
    async || {
        let database = Database::create(SERVER).await;
        (database.url.clone(), database)
    }
);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_of_any_earlier_version_is_brought_up_to_date() {
    migrations::a_database_of_any_earlier_version_is_brought_up_to_date::<RawDatabase>().await;
}

#[tokio::test]
async fn what_an_earlier_version_wrote_is_listed_after_purges() {
    migrations::what_an_earlier_version_wrote_is_listed_after_purges::<RawDatabase>().await;
}

#[tokio::test]
async fn a_passkey_of_an_earlier_version_counts_as_a_second_factor() {
    migrations::a_passkey_of_an_earlier_version_counts_as_a_second_factor::<RawDatabase>().await;
}

/// Every statement of this kind commits by itself on MySQL, so a start that was
/// cut short leaves the first ones of a version.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_that_stopped_half_way_is_completed() {
    use migrations::{Raw as _, VERSIONS, assert_up_to_date, bring_to, fill, scripts};
    use usermgmt_core::testkit::conformance::users;
    for (version, script) in (1..).zip(scripts::<RawDatabase>()) {
        let statements = statements(&script);
        for done in 1..=statements.len() {
            let raw = RawDatabase::new().await;
            bring_to(&raw, version - 1).await;
            let filled = fill(&raw).await;
            if version == 1 {
                raw.run(VERSIONS.to_owned()).await;
            }
            // On one connection, since they have variables of its own.
            raw.run(statements[..done].join(";\n")).await;
            let store = assert_up_to_date(&raw, &filled).await;
            users::a_touch_tests_the_epoch_and_changes_nothing(store).await;
        }
    }
}

fn statements(script: &str) -> Vec<String> {
    let lines = script.lines().filter(|line| !line.trim_start().starts_with("--"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let statements = code.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    let statements: Vec<String> = statements.map(str::to_owned).collect();
    assert!(!statements.is_empty());
    statements
}
