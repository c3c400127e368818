//! MySQL and MariaDB.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};

use super::parameters;
use super::server::{TRUSTED_FOR, may_write};
use crate::dialect::MYSQL_MAY_WRITE;
use crate::error::ConnectError;
use crate::migrate;
use crate::pool::{Conn, Pool, PoolOptions};
use crate::store::SqlStore;

const PARAMETERS: [&str; 10] = [
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "socket",
];

pub(super) async fn connect(url: &str, options: &PoolOptions) -> Result<SqlStore, ConnectError> {
    parameters::check(url, &PARAMETERS)?;
    let server = MySqlConnectOptions::from_str(url)?.pipes_as_concat(false);
    let database = server.get_database().ok_or(ConnectError::NoDatabase)?;
    let place = format!("mysql://{}:{}/{database}", server.get_host(), server.get_port());
    // READ COMMITTED locks the rows that a statement writes and no gaps between
    // them: fewer deadlocks, and the guards need no more. Without strict mode a
    // text that is too long would be cut, and compare equal to another one.
    // A transaction whose process stopped must not hold its locks for ever:
    // MariaDB ends it by itself, MySQL together with the connection.
    let patience = options.acquire_timeout.as_secs().max(1);
    let settings = format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1, \
         innodb_lock_wait_timeout = {patience}, lock_wait_timeout = {patience} \
         /*M!100300 , idle_transaction_timeout = {idle} */ /*!80000 , wait_timeout = {idle} */",
        idle = 6 * patience
    );
    let pool = MySqlPoolOptions::new()
        .max_connections(options.max_connections)
        .min_connections(options.min_connections)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(Duration::from_secs(2 * patience))
        // A line for each who waits would fill the log just when it is read.
        .acquire_slow_threshold(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_FOR {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |conn, _| {
            let settings = sqlx::AssertSqlSafe(settings.clone());
            Box::pin(async move {
                sqlx::raw_sql(settings).execute(&mut *conn).await?;
                may_write(sqlx::query_scalar(MYSQL_MAY_WRITE).fetch_one(conn).await?)
            })
        })
        .connect_with(server)
        .await?;
    migrate::migrate(&mut Conn::MySql(&mut *pool.acquire().await?)).await?;
    Ok(SqlStore::new(Pool::MySql(pool), place))
}
