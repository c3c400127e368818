//! A database for each test, on whichever kind of store.

use usermgmt_core::rng::{OsRng, random};

/// The kinds of store that tests run on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    MySql,
    #[cfg(feature = "mongo")]
    Mongo,
}

/// A database of a test's own on a server that is there; dropped with it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    at_end: Option<AtEnd>,
}

#[derive(Debug)]
enum AtEnd {
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Sql { server: String, statement: String },
    #[cfg(feature = "mongo")]
    Mongo { url: String, name: String },
}

impl Database {
    /// A new one; `None` where the server makes its own.
    pub(crate) async fn create(kind: Kind) -> Option<Self> {
        let name = format!("usermgmt_test_{:016x}", u64::from_ne_bytes(random(&OsRng)));
        match kind {
            Kind::Sqlite => None,
            #[cfg(feature = "postgres")]
            Kind::Postgres => {
                Some(Self::sql("USERMGMT_TEST_POSTGRES_URL", &name, " WITH (FORCE)").await)
            }
            #[cfg(feature = "mysql")]
            Kind::MySql => Some(Self::sql("USERMGMT_TEST_MYSQL_URL", &name, "").await),
            #[cfg(feature = "mongo")]
            Kind::Mongo => {
                let url = on_server("USERMGMT_TEST_MONGO_URL", &name).1;
                Some(Self { url: url.clone(), at_end: Some(AtEnd::Mongo { url, name }) })
            }
        }
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    async fn sql(variable: &str, name: &str, force: &str) -> Self {
        let (server, url) = on_server(variable, name);
        execute(&server, format!("CREATE DATABASE {name}")).await;
        let statement = format!("DROP DATABASE {name}{force}");
        Self { url, at_end: Some(AtEnd::Sql { server, statement }) }
    }
}

/// The server that a variable names, and the same with another database.
fn on_server(variable: &str, name: &str) -> (String, String) {
    let server = std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} names no server to make a database on"));
    let (scheme, rest) = server.split_once("://").unwrap();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = place.split('/').next().unwrap();
    let url = format!("{scheme}://{host}/{name}?{query}");
    (server, url)
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn execute(server: &str, statement: String) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(statement));
    match server.split(':').next() {
        #[cfg(feature = "postgres")]
        Some("postgres" | "postgresql") => {
            let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
            let mut connection = options.connect().await.unwrap();
            sql.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        #[cfg(feature = "mysql")]
        Some("mysql" | "mariadb") => {
            let options: sqlx::mysql::MySqlConnectOptions = server.parse().unwrap();
            let mut connection = options.connect().await.unwrap();
            sql.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        other => panic!("no database speaks {other:?}"),
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(at_end) = self.at_end.take() else { return };
        // A test's own runtime cannot be waited for here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                match at_end {
                    #[cfg(any(feature = "postgres", feature = "mysql"))]
                    AtEnd::Sql { server, statement } => execute(&server, statement).await,
                    #[cfg(feature = "mongo")]
                    AtEnd::Mongo { url, name } => {
                        let client = mongodb::Client::with_uri_str(&url).await.unwrap();
                        client.database(&name).drop().await.unwrap();
                    }
                }
            });
        });
        // A test that failed says why; its database does not matter then.
        assert!(
            dropping.join().is_ok() || std::thread::panicking(),
            "the database was not dropped"
        );
    }
}
