//! PostgreSQL.

use std::str::FromStr as _;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::parameters;
use super::server::{TRUSTED_FOR, may_write};
use crate::dialect::POSTGRES_MAY_WRITE;
use crate::error::ConnectError;
use crate::migrate;
use crate::pool::{Conn, Pool, PoolOptions};
use crate::store::SqlStore;

const PARAMETERS: [&str; 19] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "options[]",
];

pub(super) async fn connect(url: &str, options: &PoolOptions) -> Result<SqlStore, ConnectError> {
    parameters::check(url, &PARAMETERS)?;
    let server = PgConnectOptions::from_str(url)?;
    let place = format!(
        "postgres://{}:{}/{}",
        server.get_host(),
        server.get_port(),
        server.get_database().unwrap_or_default()
    );
    let patience = options.acquire_timeout.as_millis();
    // A transaction whose process stopped must not hold its locks for ever.
    let settings = format!(
        "SET lock_timeout = {patience}; SET idle_in_transaction_session_timeout = {}; \
         SET default_transaction_isolation = 'read committed'",
        3 * patience
    );
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .min_connections(options.min_connections)
        .acquire_timeout(options.acquire_timeout)
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
                may_write(sqlx::query_scalar(POSTGRES_MAY_WRITE).fetch_one(conn).await?)
            })
        })
        .connect_with(server)
        .await?;
    migrate::migrate(&mut Conn::Postgres(&mut *pool.acquire().await?)).await?;
    Ok(SqlStore::new(Pool::Postgres(pool), place))
}
