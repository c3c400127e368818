//! The store on PostgreSQL, on the server that `USERMGMT_TEST_POSTGRES_URL` names.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

#[macro_use]
mod every;
mod support;

use every::migrations;
use support::Database;

const SERVER: &str = "USERMGMT_TEST_POSTGRES_URL";

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

outbox_tests!(sqlx::PgPool);

host_tests!(sqlx::PgPool, "BEGIN", "SET LOCAL lock_timeout = 100", async || {
    let database = Database::create(SERVER).await;
    (database.url.clone(), database)
});

#[tokio::test]
async fn a_database_that_cannot_hold_every_name_is_refused() {
    use usermgmt_store_sql::{ConnectError, PoolOptions, SqlStore};
    let database = Database::create(SERVER).await;
    let latin = format!("{}_latin", database.name);
    let create = format!(
        "CREATE DATABASE {latin} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    );
    usermgmt_test_support::execute(&database.url, &[&create]).await;
    let url = database.url.replacen(&database.name, &latin, 1);
    let refused = SqlStore::connect(&url, PoolOptions::default()).await.unwrap_err();
    usermgmt_test_support::execute(&database.url, &[&format!("DROP DATABASE {latin}")]).await;
    assert!(matches!(refused, ConnectError::Encoding { .. }), "{refused}");
    assert!(refused.to_string().contains("LATIN1"), "{refused}");
}

hook_tests!(sqlx::Postgres, sqlx::PgPool, sqlx::PgConnection, "TEXT");

raw_database!(
    sqlx::PgPool,
    "postgres",
    "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT), \
     CAST(is_nullable AS TEXT) FROM information_schema.columns \
     WHERE table_schema = current_schema() AND table_name LIKE 'usermgmt%' \
     AND is_generated = 'NEVER' \
     ORDER BY table_name, ordinal_position",
    "decode('{}', 'hex')",
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
