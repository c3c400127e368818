//! A database for each test, on a server that is there.

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, raw_sql};
use url::Url;
use usermgmt_core::rng::{OsRng, random};

/// The kinds of store that tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SQLite, which needs no server.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// Whatever speaks MongoDB's protocol.
    Mongo,
}

impl Kind {
    /// The variable that names the server's URL; `None` where there is no server.
    pub const fn variable(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("USERMGMT_TEST_POSTGRES_URL"),
            Self::MySql => Some("USERMGMT_TEST_MYSQL_URL"),
            Self::Mongo => Some("USERMGMT_TEST_MONGO_URL"),
        }
    }
}

/// A database of a test's own, dropped with it.
#[derive(Debug)]
pub struct Database {
    /// Where it is.
    pub url: String,
    /// Its name on the server.
    pub name: String,
    server: String,
}

impl Database {
    /// A new one on a server of that kind; `None` where there is no server.
    pub async fn of(kind: Kind) -> Option<Self> {
        Some(Self::create(kind.variable()?).await)
    }

    /// A new one on the server that the variable names.
    pub async fn create(variable: &str) -> Self {
        let server = std::env::var(variable).unwrap_or_else(|_| {
            panic!(
                "{variable} is not set: it names the server that this test makes its database on"
            )
        });
        let name = format!("usermgmt_test_{:016x}", u64::from_ne_bytes(random(&OsRng)));
        let (scheme, place, query) = parts(&server);
        let host = place.split('/').next().unwrap();
        let url = if is_mongo(&server) {
            // One option at least, so that tests can add theirs.
            let options = format!("appName=tests&{query}");
            format!("{scheme}://{host}/{name}?{}", options.trim_end_matches('&'))
        } else {
            execute(&server, &[&format!("CREATE DATABASE {name}")]).await;
            format!("{scheme}://{host}/{name}?{query}")
        };
        Self { url: url.trim_end_matches('?').to_owned(), name, server }
    }

    /// The database on MongoDB's protocol, without a store around it.
    pub async fn open_mongo(&self) -> mongodb::Database {
        mongodb::Client::with_uri_str(&self.url).await.unwrap().database(&self.name)
    }

    /// The first server that a URL of MongoDB's names.
    pub async fn mongo_server(&self) -> (String, u16) {
        use mongodb::options::{ClientOptions, ServerAddress};
        let options = ClientOptions::parse(&self.url).await.unwrap();
        match options.hosts.first() {
            Some(ServerAddress::Tcp { host, port }) => (host.clone(), port.unwrap_or(27017)),
            other => panic!("a server with a TCP port is needed, not {other:?}"),
        }
    }

    /// The same database by way of another port of this machine, over MongoDB's protocol.
    pub fn mongo_by_way_of(&self, port: u16) -> String {
        let (scheme, place, options) = parts(&self.url);
        let (hosts, name) = place.split_once('/').unwrap();
        let user = hosts.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
        let others = options.split('&').filter(|option| !option.starts_with("directConnection"));
        let options: Vec<&str> = others.chain(["directConnection=true"]).collect();
        format!("{scheme}://{user}127.0.0.1:{port}/{name}?{}", options.join("&"))
    }
}

/// Scheme; hosts and database; options.
fn parts(url: &str) -> (&str, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    (scheme, place, options)
}

fn is_mongo(url: &str) -> bool {
    url.starts_with("mongodb")
}

/// Runs statements in the SQL database that the URL names.
pub async fn execute(url: &str, statements: &[&str]) {
    let url: Url = url.parse().unwrap();
    for statement in statements {
        let sql = raw_sql(AssertSqlSafe((*statement).to_owned()));
        match url.scheme() {
            "sqlite" => {
                let options = sqlx::sqlite::SqliteConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                sql.execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            "postgres" | "postgresql" => {
                let options = sqlx::postgres::PgConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                sql.execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            "mysql" | "mariadb" => {
                let options = sqlx::mysql::MySqlConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                sql.execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            other => panic!("no SQL server speaks {other}:"),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A test's own runtime cannot be waited for here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                if is_mongo(&server) {
                    let client = mongodb::Client::with_uri_str(&server).await.unwrap();
                    client.database(&name).drop().await.unwrap();
                } else {
                    let force = if server.starts_with("postgres") { " WITH (FORCE)" } else { "" };
                    execute(&server, &[&format!("DROP DATABASE {name}{force}")]).await;
                }
            });
        });
        // A test that failed says why; its database does not matter then.
        let is_dropped = dropping.join().is_ok();
        assert!(is_dropped || std::thread::panicking(), "the test's database was not dropped");
    }
}
