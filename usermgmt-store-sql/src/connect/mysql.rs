//! MySQL and MariaDB.

use sqlx::Connection as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions};

use super::check;
use super::parameters::{Parameter, translate, truth};
use super::server::{Server, first, may_write};
use super::url::ServerUrl;
use crate::dialect::MYSQL_MAY_WRITE;
use crate::error::ConnectError;
use crate::migrate;
use crate::pool::{Conn, Pool, PoolOptions, ServerPool, pool_options};
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

/// What other drivers and providers write, and what is not obeyed here.
const IGNORED: [&str; 20] = [
    "allowPublicKeyRetrieval",
    "autoReconnect",
    "charset",
    "characterEncoding",
    "collation",
    "connectTimeout",
    "connect_timeout",
    "connection_limit",
    "loc",
    "parseTime",
    "pool",
    "pool_timeout",
    "reconnect",
    "serverTimezone",
    "socket_timeout",
    "statement_cache_size",
    "time-zone",
    "timeout",
    "timezone",
    "useUnicode",
];

fn parameter(name: &str, value: &str) -> Parameter {
    let mode = |mode: &str| Parameter::As("ssl-mode", mode.to_owned());
    match name {
        _ if PARAMETERS.contains(&name) => Parameter::Known,
        "ssl_mode" | "sslMode" => mode(value),
        "ssl" | "useSSL" | "tls" => match (truth(value), value) {
            // Go's driver checks the certificate.
            (Some(true), _) if name == "tls" => mode("VERIFY_IDENTITY"),
            (Some(true), _) | (None, "skip-verify") => mode("REQUIRED"),
            (Some(false), _) => mode("DISABLED"),
            // PlanetScale's, for Node: {"rejectUnauthorized":true}
            (None, json) if json.contains("rejectUnauthorized") && json.contains("true") => {
                mode("VERIFY_IDENTITY")
            }
            _ => Parameter::Bad,
        },
        "sslaccept" => match value {
            "strict" => mode("VERIFY_IDENTITY"),
            "accept_invalid_certs" => mode("REQUIRED"),
            _ => Parameter::Bad,
        },
        "unix_socket" => Parameter::As("socket", value.to_owned()),
        _ if IGNORED.contains(&name) => Parameter::Ignored,
        _ => Parameter::Unknown,
    }
}

/// What the URL says of each of its servers.
pub(super) fn servers(url: &str) -> Result<Vec<MySqlConnectOptions>, ConnectError> {
    let url = ServerUrl::parse(url)?;
    let parameters = translate(url.query, &PARAMETERS, parameter)?;
    let servers: Vec<MySqlConnectOptions> = url.servers("mysql", &parameters)?;
    if servers.iter().any(|server| server.get_database().is_none()) {
        return Err(ConnectError::NoDatabase);
    }
    Ok(servers)
}

pub(super) async fn connect(url: &str, options: &PoolOptions) -> Result<SqlStore, ConnectError> {
    let servers = servers(url)?;
    let servers: Vec<_> = servers.into_iter().map(|server| server.pipes_as_concat(false)).collect();
    let place = servers.iter().map(place).collect::<Vec<_>>().join(", ");
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
    let (mut conn, number) = first(&servers, options.acquire_timeout, &place, &settings).await?;
    check::encoding(&mut Conn::MySql(&mut conn)).await?;
    if options.migrate {
        migrate::migrate(&mut Conn::MySql(&mut conn)).await?;
    }
    // How it ends does not matter.
    drop(conn.close().await);
    let pool: MySqlPoolOptions = pool_options(options);
    let pool = pool.after_connect(move |conn, _| {
        let settings = settings.clone();
        Box::pin(async move { MySqlConnectOptions::prepare(conn, &settings).await })
    });
    let pool = pool.connect_lazy_with(servers.get(number).cloned().unwrap_or_default());
    Ok(SqlStore::new(Pool::MySql(ServerPool::new(pool, servers, number, options)), place))
}

fn place(server: &MySqlConnectOptions) -> String {
    let database = server.get_database().unwrap_or_default();
    format!("mysql://{}:{}/{database}", server.get_host(), server.get_port())
}

impl Server for MySqlConnectOptions {
    async fn prepare(conn: &mut MySqlConnection, settings: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sqlx::AssertSqlSafe(settings.to_owned())).execute(&mut *conn).await?;
        may_write(sqlx::query_scalar(MYSQL_MAY_WRITE).fetch_one(conn).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(query: &str) -> Result<String, ConnectError> {
        let servers = servers(&format!("mysql://ann:pw@host/db?{query}"))?;
        Ok(format!("{:?}", servers[0].get_ssl_mode()))
    }

    #[test]
    fn urls_that_providers_hand_out_are_understood() {
        for (query, expected) in [
            ("", "Preferred"),
            ("ssl-mode=REQUIRED", "Required"),
            ("ssl-mode=required", "Required"),
            ("sslaccept=strict", "VerifyIdentity"),
            (r#"ssl={"rejectUnauthorized":true}"#, "VerifyIdentity"),
            ("useSSL=true&serverTimezone=UTC&charset=utf8mb4", "Required"),
            ("tls=true&parseTime=true", "VerifyIdentity"),
            ("connection_limit=5", "Preferred"),
        ] {
            assert_eq!(tls(query).unwrap(), expected, "{query}");
        }
        for query in ["sslmod=REQUIRED", "ssl-mode=yes", "ssl=maybe"] {
            assert!(tls(query).is_err(), "{query}");
        }
    }
}
