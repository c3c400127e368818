//! A connection of a test's own to an SQL server.

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, raw_sql};

use usermgmt_test_support::Kind;

pub(crate) enum Sql {
    Postgres(PgConnection),
    MySql(MySqlConnection),
}

impl Sql {
    pub(crate) async fn connect(kind: Kind, url: &str) -> Self {
        match kind {
            Kind::Postgres => {
                let options: PgConnectOptions = url.parse().unwrap();
                Self::Postgres(options.connect().await.unwrap())
            }
            Kind::MySql => {
                let options: MySqlConnectOptions = url.parse().unwrap();
                Self::MySql(options.connect().await.unwrap())
            }
            other => panic!("{other:?} has no SQL server"),
        }
    }

    /// Runs a statement.
    pub(crate) async fn run(&mut self, statement: &str) {
        let sql = raw_sql(AssertSqlSafe(statement));
        match self {
            Self::Postgres(connection) => drop(sql.execute(connection).await.unwrap()),
            Self::MySql(connection) => drop(sql.execute(connection).await.unwrap()),
        }
    }

    /// How many rows a statement answers.
    pub(crate) async fn rows(&mut self, statement: &str) -> usize {
        let sql = raw_sql(AssertSqlSafe(statement));
        match self {
            Self::Postgres(connection) => sql.fetch_all(connection).await.unwrap().len(),
            Self::MySql(connection) => sql.fetch_all(connection).await.unwrap().len(),
        }
    }
}
