//! Rows of a foreign SQL database, a page at a time in the order of a key: no
//! statement runs long, and nothing is written.
//!
//! Every value is read as text, so that one reader serves all databases, and no
//! more of it than anything of an account may be long.

use std::collections::{HashMap, HashSet};

use sqlx::any::{AnyConnectOptions, AnyRow};
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions as _, Row as _};

use super::row::Row;
use super::source::{CHUNK, Rows, rows};
use crate::failure::Failure;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    MySql,
}

/// The most that is read of a value, in characters (on SQLite in bytes).
const VALUE_MAX: usize = 8192;

/// What a key is compared as.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Number,
    Text,
    Uuid,
}

/// What is read of each row. The names are our own.
pub(super) struct Query {
    /// What stands behind FROM.
    pub(super) from: String,
    /// What stands behind WHERE, beside the key.
    pub(super) only: &'static str,
    pub(super) key: &'static str,
    pub(super) key_kind: Key,
    /// A name and an expression each.
    pub(super) columns: Vec<(&'static str, String)>,
}

/// A row's values by the names of the query's columns.
pub(super) struct Values {
    texts: HashMap<&'static str, String>,
    /// Values that could not be read.
    faults: Vec<String>,
}

impl Values {
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.texts.remove(name)
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        super::value::parse_truth(self.texts.get(name).map(String::as_str))
    }
}

/// A database that is only read.
pub(super) struct Database {
    connection: AnyConnection,
    pub(super) dialect: Dialect,
}

impl Database {
    pub(super) async fn open(url: &str) -> Result<Self, Failure> {
        sqlx::any::install_default_drivers();
        let (scheme, rest) = url
            .split_once(':')
            .ok_or_else(|| Failure::Setting("--from: not the URL of a database".to_owned()))?;
        // SQLAlchemy names its driver behind a plus sign.
        let scheme = scheme.split('+').next().unwrap_or_default();
        let (dialect, url) = match scheme {
            "sqlite" => (Dialect::Sqlite, read_only_file(rest)),
            "postgres" | "postgresql" => (Dialect::Postgres, format!("postgres:{rest}")),
            "mysql" | "mariadb" => (Dialect::MySql, format!("mysql:{rest}")),
            _ => {
                return Err(Failure::Setting(
                    "--from: begins with `mysql://`, `postgres://` or `sqlite:`".to_owned(),
                ));
            }
        };
        let options: AnyConnectOptions = url
            .parse()
            .map_err(|error: sqlx::Error| Failure::Setting(format!("--from: {error}")))?;
        let connection = options.connect().await.map_err(|error| failed(&error))?;
        let mut database = Self { connection, dialect };
        match dialect {
            Dialect::Sqlite => {}
            Dialect::Postgres => {
                database.run("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").await?;
                database.run("SET TIME ZONE 'UTC'").await?;
                database.run("SET DateStyle TO 'ISO'").await?;
            }
            Dialect::MySql => {
                database.run("SET SESSION TRANSACTION READ ONLY").await?;
                database.run("SET SESSION time_zone = '+00:00'").await?;
            }
        }
        Ok(database)
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), Failure> {
        sqlx::raw_sql(sql).execute(&mut self.connection).await.map_err(|error| failed(&error))?;
        Ok(())
    }

    /// The names of a table's columns; none where there is no such table.
    pub(super) async fn columns(&mut self, table: &str) -> Result<HashSet<String>, Failure> {
        let text = self.text();
        let sql = match (self.dialect, table.split_once('.')) {
            (Dialect::Sqlite, _) => format!("SELECT name FROM pragma_table_info('{table}')"),
            (_, Some((schema, table))) => format!(
                "SELECT CAST(column_name AS {text}) FROM information_schema.columns \
                 WHERE table_schema = '{schema}' AND table_name = '{table}'"
            ),
            (Dialect::Postgres, None) => format!(
                "SELECT CAST(column_name AS {text}) FROM information_schema.columns \
                 WHERE table_schema = ANY(current_schemas(false)) AND table_name = '{table}'"
            ),
            (Dialect::MySql, None) => format!(
                "SELECT CAST(column_name AS {text}) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = '{table}'"
            ),
        };
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await;
        rows.map_err(|error| failed(&error))?
            .iter()
            .map(|row| row.try_get(0).map_err(|error| failed(&error)))
            .collect()
    }

    /// The table's columns, which must have these among them.
    pub(super) async fn table(
        &mut self,
        table: &str,
        needed: &[&str],
    ) -> Result<HashSet<String>, Failure> {
        let columns = self.columns(table).await?;
        if columns.is_empty() {
            return Err(Failure::Other(format!("--from: there is no table `{table}`")));
        }
        match needed.iter().find(|name| !columns.contains(**name)) {
            Some(name) => {
                Err(Failure::Other(format!("--from: table `{table}` has no column `{name}`")))
            }
            None => Ok(columns),
        }
    }

    /// A column's value in some row.
    pub(super) async fn first(
        &mut self,
        table: &str,
        column: &str,
    ) -> Result<Option<String>, Failure> {
        let sql = format!("SELECT CAST({column} AS {}) FROM {table} LIMIT 1", self.text());
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_optional(&mut self.connection).await;
        let row = row.map_err(|error| failed(&error))?;
        row.map(|row| row.try_get(0).map_err(|error| failed(&error))).transpose()
    }

    /// A name that may be a keyword or have capitals.
    pub(super) fn quoted(&self, name: &str) -> String {
        match self.dialect {
            Dialect::MySql => format!("`{name}`"),
            Dialect::Sqlite | Dialect::Postgres => format!("\"{name}\""),
        }
    }

    fn text(&self) -> &'static str {
        match self.dialect {
            Dialect::MySql => "CHAR",
            Dialect::Sqlite | Dialect::Postgres => "TEXT",
        }
    }

    /// Reads all rows, each made one of ours.
    pub(super) fn read(
        mut self,
        query: Query,
        map: impl Fn(Values) -> Row + Send + Sync + 'static,
    ) -> Rows {
        let (sink, rows) = rows();
        tokio::spawn(async move {
            let mut after = None;
            loop {
                let page = self.page(&query, after.take()).await;
                let is_last = !page.as_ref().is_ok_and(|page| page.len() == CHUNK);
                let page = page.map(|page| {
                    after = page.last().map(|(key, _)| key.clone());
                    page.into_iter().map(|(_, values)| map_row(values, &map)).collect()
                });
                if sink.send(page).await.is_err() || is_last {
                    return;
                }
            }
        });
        rows
    }

    async fn page(
        &mut self,
        query: &Query,
        after: Option<String>,
    ) -> Result<Vec<(String, Values)>, Failure> {
        let (text, key) = (self.text(), query.key);
        let mut sql = format!("SELECT CAST({key} AS {text})");
        for (_, expression) in &query.columns {
            let value = format!("CAST({expression} AS {text})");
            sql.push_str(&match self.dialect {
                // Its texts may be any bytes, which are looked at here.
                Dialect::Sqlite => format!(", SUBSTR(CAST({value} AS BLOB), 1, {})", VALUE_MAX + 1),
                _ => format!(", SUBSTR({value}, 1, {})", VALUE_MAX + 1),
            });
        }
        sql.push_str(&format!(" FROM {} WHERE {}", query.from, query.only));
        if after.is_some() {
            let parameter = if self.dialect == Dialect::Postgres { "$1" } else { "?" };
            let value = match (query.key_kind, self.dialect) {
                (Key::Number, Dialect::MySql) => format!("CAST({parameter} AS SIGNED)"),
                (Key::Number, _) => format!("CAST({parameter} AS BIGINT)"),
                (Key::Uuid, Dialect::Postgres) => format!("CAST({parameter} AS UUID)"),
                // What is cast has a collation that may not be the column's.
                (Key::Text | Key::Uuid, Dialect::MySql) => parameter.to_owned(),
                (Key::Text | Key::Uuid, _) => format!("CAST({parameter} AS TEXT)"),
            };
            sql.push_str(&format!(" AND {key} > {value}"));
        }
        sql.push_str(&format!(" ORDER BY {key} LIMIT {CHUNK}"));
        let mut statement = sqlx::query(AssertSqlSafe(sql));
        if let Some(after) = after {
            statement = statement.bind(after);
        }
        let rows =
            statement.fetch_all(&mut self.connection).await.map_err(|error| failed(&error))?;
        rows.iter().map(|row| self.values(row, query).map_err(|error| failed(&error))).collect()
    }

    fn values(&self, row: &AnyRow, query: &Query) -> Result<(String, Values), sqlx::Error> {
        let (mut texts, mut faults) = (HashMap::new(), Vec::new());
        for (number, (name, _)) in (1..).zip(&query.columns) {
            let bytes = match self.dialect {
                Dialect::Sqlite => row.try_get::<Option<Vec<u8>>, _>(number)?,
                _ => row.try_get::<Option<String>, _>(number)?.map(String::into_bytes),
            };
            match bytes.map(String::from_utf8) {
                None => {}
                Some(Ok(text)) if text.chars().count() <= VALUE_MAX => {
                    texts.insert(*name, text);
                }
                Some(Ok(_)) => faults.push(format!("{name}: longer than {VALUE_MAX} characters")),
                Some(Err(_)) => faults.push(format!("{name}: not UTF-8")),
            }
        }
        Ok((row.try_get(0)?, Values { texts, faults }))
    }
}

fn map_row(mut values: Values, map: &impl Fn(Values) -> Row) -> Row {
    let faults = std::mem::take(&mut values.faults);
    let mut row = map(values);
    row.faults.extend(faults);
    row
}

/// An expression for a column that may not be there.
pub(super) fn column_or_null(columns: &HashSet<String>, table: &str, name: &str) -> String {
    if columns.contains(name) { format!("{table}.{name}") } else { "NULL".to_owned() }
}

fn read_only_file(rest: &str) -> String {
    let mode = if rest.contains("mode=") {
        ""
    } else if rest.contains('?') {
        "&mode=ro"
    } else {
        "?mode=ro"
    };
    format!("sqlite:{rest}{mode}")
}

fn failed(error: &sqlx::Error) -> Failure {
    Failure::new("--from", error)
}
