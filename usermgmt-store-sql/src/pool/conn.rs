//! One connection, whichever database it leads to.

use crate::dialect::Dialect;
use crate::row::Row;
use crate::sql::Statement;

/// A connection in use.
pub enum Conn<'c> {
    #[cfg(feature = "sqlite")]
    Sqlite(&'c mut sqlx::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(&'c mut sqlx::PgConnection),
    #[cfg(feature = "mysql")]
    MySql(&'c mut sqlx::MySqlConnection),
}

/// The statement as a query of the driver, its values bound.
macro_rules! query {
    ($statement:expr, $dialect:expr) => {{
        let statement: &$crate::sql::Statement<'_> = $statement;
        // Safe: the texts of all statements are made of this crate's literals.
        let sql = sqlx::AssertSqlSafe($dialect.numbered(statement.sql.clone()));
        let mut query = sqlx::query(sql).persistent(statement.is_kept);
        for value in &statement.values {
            query = match value {
                $crate::sql::Value::Text(text) => {
                    query.bind(text.as_deref().map(|text| $dialect.text(text)))
                }
                $crate::sql::Value::Int(number) => query.bind(*number),
                $crate::sql::Value::Bytes(bytes) => query.bind(bytes.as_deref()),
            };
        }
        query
    }};
}

/// Runs the statement and says how many rows it wrote.
macro_rules! execute {
    ($statement:expr, $dialect:expr, $executor:expr) => {
        query!($statement, $dialect).execute($executor).await.map(|done| done.rows_affected())
    };
}

/// Runs the statement and reads its rows.
macro_rules! fetch {
    ($statement:expr, $dialect:expr, $executor:expr, $row:path) => {
        query!($statement, $dialect)
            .fetch_all($executor)
            .await
            .map(|rows| rows.into_iter().map($row).collect())
    };
}

impl Conn<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Self::MySql(_) => Dialect::MySql,
        }
    }

    /// Runs a statement and says how many rows it wrote.
    pub(crate) async fn execute(&mut self, statement: &Statement<'_>) -> Result<u64, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => execute!(statement, Dialect::Sqlite, &mut **conn),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => execute!(statement, Dialect::Postgres, &mut **conn),
            #[cfg(feature = "mysql")]
            Self::MySql(conn) => execute!(statement, Dialect::MySql, &mut **conn),
        }
    }

    /// Runs a statement and reads its rows.
    pub(crate) async fn fetch(
        &mut self,
        statement: &Statement<'_>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => fetch!(statement, Dialect::Sqlite, &mut **conn, Row::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => {
                fetch!(statement, Dialect::Postgres, &mut **conn, Row::Postgres)
            }
            #[cfg(feature = "mysql")]
            Self::MySql(conn) => fetch!(statement, Dialect::MySql, &mut **conn, Row::MySql),
        }
    }

    /// Runs a query and reads its first row.
    pub(crate) async fn first(
        &mut self,
        statement: &Statement<'_>,
    ) -> Result<Option<Row>, sqlx::Error> {
        match self {
            // Its thread then sends one answer and not two.
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => {
                let row = query!(statement, Dialect::Sqlite).fetch_optional(&mut **conn).await;
                row.map(|row| row.map(Row::Sqlite))
            }
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => Ok(self.fetch(statement).await?.into_iter().next()),
        }
    }

    /// Waits until everything before has been answered.
    pub(crate) async fn ping(&mut self) -> Result<(), sqlx::Error> {
        use sqlx::Connection as _;
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => conn.ping().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => conn.ping().await,
            #[cfg(feature = "mysql")]
            Self::MySql(conn) => conn.ping().await,
        }
    }

    /// Runs several statements that carry no values, such as a migration.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => sqlx::raw_sql(sql).execute(&mut **conn).await.map(drop),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => sqlx::raw_sql(sql).execute(&mut **conn).await.map(drop),
            #[cfg(feature = "mysql")]
            Self::MySql(conn) => sqlx::raw_sql(sql).execute(&mut **conn).await.map(drop),
        }
    }
}
