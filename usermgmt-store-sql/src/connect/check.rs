//! Whether a database, and a connection to it, can hold what accounts are made of.

use crate::dialect::Dialect;
use crate::error::ConnectError;
use crate::pool::Conn;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::sql::statement;

/// Refuses what could not keep every name: a PostgreSQL database that is not
/// UTF-8, and a MySQL connection that is not utf8mb4 or cuts what is too long.
pub(crate) async fn encoding(conn: &mut Conn<'_>) -> Result<(), ConnectError> {
    match conn.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => Ok(()),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            let rows = conn.fetch(&statement("SELECT current_setting('server_encoding')")).await?;
            let found = rows.first().map(|row| row.columns().text()).transpose();
            match found.map_err(ConnectError::Schema)?.unwrap_or_default() {
                found if found == "UTF8" => Ok(()),
                found => Err(ConnectError::Encoding { found }),
            }
        }
        #[cfg(feature = "mysql")]
        Dialect::MySql => {
            let fit = conn
                .fetch(&statement(
                    "SELECT CAST(@@character_set_client = 'utf8mb4' \
                     AND @@character_set_connection = 'utf8mb4' \
                     AND @@sql_mode LIKE '%STRICT%' AS SIGNED)",
                ))
                .await?;
            match fit.first().map(|row| row.columns().int()) {
                Some(Ok(1)) => Ok(()),
                _ => Err(ConnectError::Session),
            }
        }
    }
}
