//! What the database's user may not do, though a store does it.

use std::collections::BTreeMap;

use crate::dialect::Dialect;
use crate::error::ConnectError;
#[cfg(feature = "mysql")]
use crate::fault::{Fault, fault};
use crate::migrate;
use crate::pool::PoolOptions;
#[cfg(feature = "postgres")]
use crate::pool::Use;
use crate::sql::statement;
use crate::store::SqlStore;

/// The rights that are lacking, by the table.
type Lacking = BTreeMap<String, Vec<String>>;

/// The table that a store only reads once its schema is up to date.
const MIGRATIONS: &str = "usermgmt_migrations";

impl SqlStore {
    /// The rights on the tables that the URL's user lacks, such as
    /// `UPDATE, DELETE on usermgmt_users`. Where a schema of PostgreSQL is to be made or
    /// brought up to date, also those that this takes: `CREATE on the schema` and
    /// `ownership of usermgmt_users`. Changes nothing. SQLite knows no rights but those
    /// of its file, so there are none.
    ///
    /// # Errors
    /// [`ConnectError`] where the URL or the database is wrong.
    pub async fn missing_rights(url: &str) -> Result<Vec<String>, ConnectError> {
        let options = PoolOptions { migrate: false, ..PoolOptions::default() };
        let store = Self::open(url, &options.max_connections(1)).await?;
        let lacking = store.lacking().await;
        store.close().await;
        Ok(lacking?.into_iter().flat_map(|(table, rights)| named(&table, rights)).collect())
    }

    async fn lacking(&self) -> Result<Lacking, ConnectError> {
        match self.dialect() {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => Ok(Lacking::new()),
            #[cfg(feature = "postgres")]
            Dialect::Postgres => self.lacking_on_postgres().await,
            #[cfg(feature = "mysql")]
            Dialect::MySql => self.lacking_on_mysql().await,
        }
    }

    /// As the catalogue has it.
    #[cfg(feature = "postgres")]
    async fn lacking_on_postgres(&self) -> Result<Lacking, ConnectError> {
        const ASK: &str = "SELECT CAST(c.relname AS TEXT), r.name FROM pg_class c \
            CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE'), \
            (5, 'ownership')) AS r (number, name) \
            WHERE pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'p') \
            AND NOT CASE WHEN r.name = 'ownership' THEN pg_has_role(c.relowner, 'USAGE') \
            ELSE has_table_privilege(c.oid, r.name) END \
            ORDER BY c.relname, r.number";
        const MAY_CREATE: &str = "SELECT CAST(CASE WHEN \
            has_schema_privilege(current_schema(), 'CREATE') THEN 1 ELSE 0 END AS BIGINT)";
        let ask = async |sql: &'static str| self.pool().fetch(Use::Read, &statement(sql)).await;
        // Where it cannot be read, there is none, or the right to it is lacking below.
        let found = ask(migrate::VERSION_FOUND).await.ok();
        let found = found.and_then(|rows| rows.first()?.columns().int().ok()).unwrap_or(0);
        let is_behind = found < migrate::KNOWN;
        let mut lacking = Lacking::new();
        for row in ask(ASK).await? {
            let mut columns = row.columns();
            let table = columns.text().map_err(ConnectError::Schema)?;
            let right = columns.text().map_err(ConnectError::Schema)?;
            let is_ours = |(name, _): (&str, &str)| name == table;
            let is_needed = match (table.as_str(), right.as_str()) {
                (_, OWNERSHIP) => is_behind && table != MIGRATIONS,
                (MIGRATIONS, "SELECT") => true,
                (MIGRATIONS, "INSERT") => is_behind,
                (MIGRATIONS, _) => false,
                _ => true,
            };
            if is_needed && (table == MIGRATIONS || migrate::tables(Dialect::Postgres).any(is_ours))
            {
                lacking.entry(table).or_default().push(right);
            }
        }
        if is_behind {
            let may = ask(MAY_CREATE).await?;
            let may = may.first().map(|row| row.columns().truth());
            if !matches!(may.transpose().map_err(ConnectError::Schema)?, Some(true)) {
                lacking.insert("the schema".to_owned(), vec!["CREATE".to_owned()]);
            }
        }
        Ok(lacking)
    }

    /// By trying each on no row: what is granted to a role of the user's is in no table
    /// that could be asked.
    #[cfg(feature = "mysql")]
    async fn lacking_on_mysql(&self) -> Result<Lacking, ConnectError> {
        let mut lacking = Lacking::new();
        for (table, column) in migrate::tables(Dialect::MySql).chain([(MIGRATIONS, "version")]) {
            let tries = [
                ("SELECT", format!("SELECT {column} FROM {table} WHERE 1 = 0")),
                (
                    "INSERT",
                    format!("INSERT INTO {table} ({column}) SELECT NULL FROM DUAL WHERE 1 = 0"),
                ),
                ("UPDATE", format!("UPDATE {table} SET {column} = NULL WHERE 1 = 0")),
                ("DELETE", format!("DELETE FROM {table} WHERE 1 = 0")),
            ];
            for (right, sql) in tries {
                if table == MIGRATIONS && right != "SELECT" {
                    continue;
                }
                match self.pool().execute(&statement(sql)).await {
                    Err(error) if is_denied(&error) => {
                        lacking.entry(table.to_owned()).or_default().push(right.to_owned());
                    }
                    Err(error) if fault(&error) == Fault::Unavailable => return Err(error.into()),
                    // The right was looked at before whatever else it says.
                    Ok(_) | Err(_) => {}
                }
            }
        }
        Ok(lacking)
    }
}

/// What is lacking of one table, in words.
fn named(table: &str, mut rights: Vec<String>) -> Vec<String> {
    let is_owned = !rights.iter().any(|right| right == OWNERSHIP);
    rights.retain(|right| right != OWNERSHIP);
    let rights = (!rights.is_empty()).then(|| format!("{} on {table}", rights.join(", ")));
    let ownership = (!is_owned).then(|| format!("{OWNERSHIP} of {table}"));
    rights.into_iter().chain(ownership).collect()
}

/// What altering a table takes.
const OWNERSHIP: &str = "ownership";

/// Access to the database, a table or a column is denied.
#[cfg(feature = "mysql")]
fn is_denied(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    let error = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
    error.is_some_and(|error| matches!(error.number(), 1044 | 1142 | 1143))
}
