//! The store on MySQL and MariaDB, on the server that `USERMGMT_TEST_MYSQL_URL` names.

mod support;

use support::Database;

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
}
