//! PostgreSQL.

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};

use super::check;
use super::parameters::{Parameter, translate, truth};
use super::server::{Server, connect as connect_to, first, may_write};
use super::url::ServerUrl;
use crate::dialect::POSTGRES_MAY_WRITE;
use crate::error::ConnectError;
use crate::migrate;
use crate::pool::{Conn, Pool, PoolOptions, ServerPool, pool_options};
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

/// What libpq, Prisma, JDBC and providers write, and what is not obeyed here.
const IGNORED: [&str; 25] = [
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "connection_limit",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "pgbouncer",
    "pool_timeout",
    "prepareThreshold",
    "socket_timeout",
    "ssl_min_protocol_version",
    "sslcompression",
    "sslnegotiation",
    "sslsni",
    "statement_cache_size",
    "supa",
    "tcp_user_timeout",
    "uselibpqcompat",
    "workaround",
];

fn parameter(name: &str, value: &str) -> Parameter {
    let is_option = name.starts_with("options[") && name.ends_with(']');
    match name {
        _ if is_option || PARAMETERS.contains(&name) => Parameter::Known,
        "ssl" => match truth(value) {
            Some(true) => Parameter::As("sslmode", "require".to_owned()),
            Some(false) => Parameter::As("sslmode", "disable".to_owned()),
            None => Parameter::Bad,
        },
        "sslaccept" => match value {
            "strict" => Parameter::As("sslmode", "verify-full".to_owned()),
            "accept_invalid_certs" => Parameter::As("sslmode", "require".to_owned()),
            _ => Parameter::Bad,
        },
        "schema" | "currentSchema" | "search_path" => {
            Parameter::As("options[search_path]", value.to_owned())
        }
        "statement_timeout" => Parameter::As("options[statement_timeout]", value.to_owned()),
        // No server that only reads is ever used.
        "target_session_attrs" => match value {
            "any" | "read-write" | "primary" => Parameter::True,
            _ => Parameter::Bad,
        },
        _ if IGNORED.contains(&name) => Parameter::Ignored,
        _ => Parameter::Unknown,
    }
}

/// What the URL says of each of its servers.
pub(super) fn servers(url: &str) -> Result<Vec<PgConnectOptions>, ConnectError> {
    let url = ServerUrl::parse(url)?;
    url.servers("postgres", &translate(url.query, &PARAMETERS, parameter)?)
}

pub(super) async fn connect(url: &str, options: &PoolOptions) -> Result<SqlStore, ConnectError> {
    let servers = servers(url)?;
    // PgBouncer refuses this one, and there are no such numbers here.
    let servers: Vec<_> =
        servers.into_iter().map(|server| server.extra_float_digits(None)).collect();
    let place = servers.iter().map(place).collect::<Vec<_>>().join(", ");
    let patience = options.acquire_timeout.as_millis();
    // A transaction whose process stopped must not hold its locks for ever.
    let settings = format!(
        "SET lock_timeout = {patience}; SET idle_in_transaction_session_timeout = {}; \
         SET default_transaction_isolation = 'read committed'",
        3 * patience
    );
    let (mut conn, number) = first(&servers, options.acquire_timeout, &place, &settings).await?;
    if let Some(server) = servers.get(number) {
        refuse_shared_sessions(&mut conn, server, &settings).await?;
    }
    check::encoding(&mut Conn::Postgres(&mut conn)).await?;
    if options.migrate {
        migrate::migrate(&mut Conn::Postgres(&mut conn)).await?;
    }
    // How it ends does not matter.
    drop(conn.close().await);
    let pool: PgPoolOptions = pool_options(options);
    let pool = pool.after_connect(move |conn, _| {
        let settings = settings.clone();
        Box::pin(async move { PgConnectOptions::prepare(conn, &settings).await })
    });
    let pool = pool.connect_lazy_with(servers.get(number).cloned().unwrap_or_default());
    Ok(SqlStore::new(Pool::Postgres(ServerPool::new(pool, servers, number, options)), place))
}

fn place(server: &PgConnectOptions) -> String {
    let database = server.get_database().unwrap_or_default();
    match server.get_socket() {
        Some(socket) => format!("postgres://{}/{database}", socket.display()),
        None => format!("postgres://{}:{}/{database}", server.get_host(), server.get_port()),
    }
}

impl Server for PgConnectOptions {
    async fn prepare(conn: &mut PgConnection, settings: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sqlx::AssertSqlSafe(settings.to_owned())).execute(&mut *conn).await?;
        may_write(first_number(conn, POSTGRES_MAY_WRITE).await?)
    }
}

/// PgBouncer in transaction mode gives every transaction the connection that is
/// free: what one session prepares or sets, another one has. Two connections that
/// are one and the same on the server show it.
async fn refuse_shared_sessions(
    first: &mut PgConnection,
    server: &PgConnectOptions,
    settings: &str,
) -> Result<(), ConnectError> {
    const ASK: &str = "SELECT CAST(pg_backend_pid() AS BIGINT)";
    let mut second = connect_to(server, settings).await?;
    for _ in 0..3 {
        if first_number(first, ASK).await? == first_number(&mut second, ASK).await? {
            return Err(ConnectError::SharedSessions);
        }
    }
    drop(second.close().await);
    Ok(())
}

/// Asked without preparing anything.
async fn first_number(conn: &mut PgConnection, sql: &'static str) -> Result<i64, sqlx::Error> {
    use sqlx::Row as _;
    sqlx::raw_sql(sql).fetch_one(conn).await?.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_providers_hand_out_are_understood() {
        for (url, expected) in [
            (
                "postgresql://ann:pw@ep-x.eu-central-1.aws.neon.tech/db?sslmode=require&channel_binding=require",
                "postgres://ep-x.eu-central-1.aws.neon.tech:5432/db",
            ),
            (
                "postgres://ann.ref:pw@aws-0.pooler.supabase.com:5432/postgres?pgbouncer=true&supa=base-pooler.x",
                "postgres://aws-0.pooler.supabase.com:5432/postgres",
            ),
            (
                "postgres://ann:pw@ec2.amazonaws.com:5432/db?ssl=true",
                "postgres://ec2.amazonaws.com:5432/db",
            ),
            (
                "postgresql://ann:pw@host:5432/db?schema=public&connection_limit=5&pool_timeout=2",
                "postgres://host:5432/db",
            ),
            (
                "postgres://ann:pw@host/db?connect_timeout=10&target_session_attrs=read-write",
                "postgres://host:5432/db",
            ),
            ("postgres:///db?host=/cloudsql/p:r:i", "postgres:///cloudsql/p:r:i/db"),
            ("postgres://ann:pw@/db?host=/cloudsql/p:r:i", "postgres:///cloudsql/p:r:i/db"),
            ("postgresql+asyncpg://ann:pw@host/db", "postgres://host:5432/db"),
        ] {
            let found = servers(url).unwrap();
            assert_eq!(found.iter().map(place).collect::<Vec<_>>(), [expected], "{url}");
        }
        let several = servers("postgres://ann:pw@one,two:5433/db").unwrap();
        let places: Vec<_> = several.iter().map(place).collect();
        assert_eq!(places, ["postgres://one:5432/db", "postgres://two:5433/db"]);
    }

    #[test]
    fn what_asks_for_tls_or_a_schema_in_other_words_is_obeyed() {
        use sqlx::postgres::PgSslMode;
        let found = servers("postgres://host/db?ssl=true&schema=accounts").unwrap();
        assert!(matches!(found[0].get_ssl_mode(), PgSslMode::Require));
        assert_eq!(found[0].get_options(), Some("-c search_path=accounts"));
        let found = servers("postgres://host/db?sslaccept=strict").unwrap();
        assert!(matches!(found[0].get_ssl_mode(), PgSslMode::VerifyFull));
    }

    #[test]
    fn typing_errors_and_values_that_cannot_be_are_refused() {
        for query in ["ssl_mode=require", "ssl=maybe", "target_session_attrs=standby", "sslmode=x"]
        {
            let refused = servers(&format!("postgres://host/db?{query}"));
            assert!(refused.is_err(), "{query}");
        }
    }
}
