//! A database for each test, on a server that is there.

use std::any::Any;

use url::Url;
use usermgmt_core::rng::{OsRng, random};

/// A database of a test's own, dropped with it.
pub(crate) struct Database {
    server: Url,
    pub(crate) name: String,
    pub(crate) url: String,
}

/// Runs statements in the database that the URL names.
pub(crate) async fn execute(url: &str, statements: &[&str]) {
    use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, raw_sql};
    let url: Url = url.parse().unwrap();
    for statement in statements {
        let sql = AssertSqlSafe((*statement).to_owned());
        match url.scheme() {
            #[cfg(feature = "sqlite")]
            "sqlite" => {
                let options = sqlx::sqlite::SqliteConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                raw_sql(sql).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                let options = sqlx::postgres::PgConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                raw_sql(sql).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => {
                let options = sqlx::mysql::MySqlConnectOptions::from_url(&url).unwrap();
                let mut conn = options.connect().await.unwrap();
                raw_sql(sql).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            other => panic!("no server speaks {other}:"),
        }
    }
}

impl Database {
    /// A new one, on the server that the variable names.
    pub(crate) async fn create(variable: &str) -> Self {
        let server = std::env::var(variable).unwrap_or_else(|_| {
            panic!(
                "{variable} is not set: it names the server that this test makes its database on"
            )
        });
        let server: Url = server.parse().expect("the variable holds a URL");
        let name = format!("usermgmt_test_{:016x}", u64::from_ne_bytes(random(&OsRng)));
        execute(server.as_str(), &[&format!("CREATE DATABASE {name}")]).await;
        let mut url = server.clone();
        url.set_path(&name);
        Self { server, name, url: url.into() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let force = if self.server.scheme().starts_with("postgres") { " WITH (FORCE)" } else { "" };
        let drop = format!("DROP DATABASE {}{force}", self.name);
        let server = self.server.to_string();
        // A test's own runtime cannot be waited for here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(execute(&server, &[&drop]));
        });
        drop_result(dropping.join());
    }
}

/// A test that failed says why; its database does not matter then.
fn drop_result(dropped: Result<(), Box<dyn Any + Send>>) {
    assert!(dropped.is_ok() || std::thread::panicking(), "the test's database was not dropped");
}
