//! The schema, and how it is brought up to date.

use usermgmt_core::clock::{Clock as _, SystemClock};

use crate::dialect::Dialect;
use crate::error::ConnectError;
#[cfg(feature = "postgres")]
use crate::fault::{Fault, fault};
use crate::pool::Conn;
use crate::row::Row;
use crate::sql::{Statement, statement};

/// The server's locks are common to all of its databases, and their names short.
#[cfg(feature = "mysql")]
macro_rules! mysql_lock {
    () => {
        "CONCAT('usermgmt:', MD5(DATABASE()))"
    };
}

/// All migrations, in order; the first makes version 1. Never change one that
/// was released.
fn migrations(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => &[
            include_str!("../migrations/sqlite/0001_accounts.sql"),
            include_str!("../migrations/sqlite/0002_administration.sql"),
            include_str!("../migrations/sqlite/0003_receipts.sql"),
            include_str!("../migrations/sqlite/0004_directory.sql"),
            include_str!("../migrations/sqlite/0005_identities.sql"),
            include_str!("../migrations/sqlite/0006_passkeys.sql"),
            include_str!("../migrations/sqlite/0007_second_factors.sql"),
        ],
        #[cfg(feature = "postgres")]
        Dialect::Postgres => &[
            include_str!("../migrations/postgres/0001_accounts.sql"),
            include_str!("../migrations/postgres/0002_administration.sql"),
            include_str!("../migrations/postgres/0003_receipts.sql"),
            include_str!("../migrations/postgres/0004_directory.sql"),
            include_str!("../migrations/postgres/0005_identities.sql"),
            include_str!("../migrations/postgres/0006_passkeys.sql"),
            include_str!("../migrations/postgres/0007_second_factors.sql"),
        ],
        #[cfg(feature = "mysql")]
        Dialect::MySql => &[
            include_str!("../migrations/mysql/0001_accounts.sql"),
            include_str!("../migrations/mysql/0002_administration.sql"),
            include_str!("../migrations/mysql/0003_receipts.sql"),
            include_str!("../migrations/mysql/0004_directory.sql"),
            include_str!("../migrations/mysql/0005_identities.sql"),
            include_str!("../migrations/mysql/0006_passkeys.sql"),
            include_str!("../migrations/mysql/0007_second_factors.sql"),
        ],
    }
}

/// How many migrations there are, on every kind of database.
pub(crate) const KNOWN: i64 = 7;

/// The version of the schema that this code knows.
pub(crate) fn known(dialect: Dialect) -> i64 {
    (1..).zip(migrations(dialect)).map(|(version, _)| version).last().unwrap_or(0)
}

/// Asks for the version that was found.
pub(crate) const VERSION_FOUND: &str = "SELECT COALESCE(MAX(version), 0) FROM usermgmt_migrations";

pub(crate) fn select_version() -> Statement<'static> {
    statement(VERSION_FOUND)
}

/// The tables that all migrations make, each with its first column.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn tables(dialect: Dialect) -> impl Iterator<Item = (&'static str, &'static str)> {
    let made = migrations(dialect).iter().flat_map(|script| script.split("CREATE TABLE ").skip(1));
    made.filter_map(|made| {
        let made = made.strip_prefix("IF NOT EXISTS ").unwrap_or(made);
        let (table, columns) = made.split_once('(')?;
        Some((table.trim(), columns.split_whitespace().next()?))
    })
}

/// Applies what is missing. Of several processes that start at once, one does
/// it and the others wait. Where nothing is missing, nothing is written, so
/// that an account which may not create tables will do.
pub(crate) async fn migrate(conn: &mut Conn<'_>) -> Result<(), ConnectError> {
    // Where it fails, the table is not there yet; or the same comes up below.
    if let Ok(rows) = conn.fetch(&select_version()).await
        && found(&rows, conn.dialect())? >= known(conn.dialect())
    {
        return Ok(());
    }
    lock(conn).await?;
    let migrated = run(conn).await;
    let unlocked = unlock(conn, migrated.is_ok()).await;
    migrated?;
    Ok(unlocked?)
}

/// Whether a program that knows this version works with a schema of that one: its
/// own, or the next, which servers of the version before live through while they are
/// upgraded one after the other, and after which they can be rolled back.
pub(crate) const fn works_with(known: i64, found: i64) -> bool {
    found == known || found == known + 1
}

/// The version found, no later than the one after the one known.
fn found(rows: &[Row], dialect: Dialect) -> Result<i64, ConnectError> {
    let found = match rows.first() {
        Some(row) => row.columns().int().map_err(ConnectError::Schema)?,
        None => 0,
    };
    let known = known(dialect);
    if found > known && !works_with(known, found) {
        return Err(ConnectError::NewerSchema { found, known });
    }
    Ok(found)
}

async fn run(conn: &mut Conn<'_>) -> Result<(), ConnectError> {
    conn.script(
        "CREATE TABLE IF NOT EXISTS usermgmt_migrations \
         (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)",
    )
    .await?;
    let rows = conn.fetch(&select_version()).await?;
    let found = found(&rows, conn.dialect())?;
    for (version, script) in (1..).zip(migrations(conn.dialect())) {
        if version <= found {
            continue;
        }
        conn.script(script).await?;
        let applied =
            statement("INSERT INTO usermgmt_migrations (version, applied_at) VALUES (?, ?)")
                .bind(version)
                .bind(SystemClock.now());
        conn.execute(&applied).await?;
        tracing::info!(version, "the database's schema was brought up to date");
    }
    Ok(())
}

/// On SQLite and PostgreSQL the migrations are one transaction. MySQL commits
/// before and after every statement of this kind, so there they can be run
/// again where they stopped.
async fn lock(conn: &mut Conn<'_>) -> Result<(), ConnectError> {
    match conn.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => Ok(conn.script("BEGIN IMMEDIATE").await?),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            conn.script(
                "BEGIN; SET LOCAL lock_timeout = 60000; SET LOCAL client_min_messages = warning",
            )
            .await?;
            let key = i64::from_be_bytes(*b"usermgmt");
            let lock = statement("SELECT 1 FROM pg_advisory_xact_lock(?)").bind(key);
            match conn.fetch(&lock).await {
                Err(error) if fault(&error) == Fault::RolledBack => Err(ConnectError::Locked),
                locked => Ok(locked.map(drop)?),
            }
        }
        #[cfg(feature = "mysql")]
        Dialect::MySql => {
            let lock = statement(concat!("SELECT GET_LOCK(", mysql_lock!(), ", 60)"));
            let rows = conn.fetch(&lock).await?;
            match rows.first().map(|row| row.columns().opt_int()) {
                Some(Ok(Some(1))) => Ok(()),
                _ => Err(ConnectError::Locked),
            }
        }
    }
}

async fn unlock(conn: &mut Conn<'_>, commit: bool) -> Result<(), sqlx::Error> {
    #[cfg(feature = "mysql")]
    if conn.dialect() == Dialect::MySql {
        let unlock = statement(concat!("SELECT RELEASE_LOCK(", mysql_lock!(), ")"));
        return conn.fetch(&unlock).await.map(drop);
    }
    conn.script(if commit { "COMMIT" } else { "ROLLBACK" }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_database_has_all_migrations() {
        for dialect in [
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Dialect::MySql,
        ] {
            assert_eq!(known(dialect), KNOWN);
        }
    }

    /// A file of this repository.
    fn text(path: &str) -> String {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The SQL files of `migrations/postgres`.
    fn files() -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }

    #[test]
    fn tables_that_are_made_by_hand_are_said_to_have_every_migration() {
        let scaling = text("../docs/scaling.md");
        let (_, said) = scaling.split_once("INSERT INTO usermgmt_migrations VALUES ").unwrap();
        let (said, _) = said.split_once(';').unwrap();
        let versions: Vec<String> =
            (1..=files().len()).map(|version| format!("({version}, 0)")).collect();
        assert_eq!(said, versions.join(", "));
    }

    #[test]
    fn every_table_has_its_place_in_the_guide_to_sharding() {
        let scaling = text("../docs/scaling.md");
        let (_, keys) = scaling.split_once("\n## Shard keys\n").unwrap();
        let (keys, _) = keys.split_once("\n## ").unwrap();
        let placed: Vec<&str> = keys
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
            .flat_map(|rows| rows.split(", "))
            .collect();
        let files = files().concat();
        let made = files.split("CREATE TABLE usermgmt_").skip(1);
        let tables: Vec<&str> = made.filter_map(|rest| rest.split([' ', '(']).next()).collect();
        assert!(tables.contains(&"passkeys"), "{tables:?}");
        for table in tables {
            let name = table.replace('_', " ");
            assert!(placed.contains(&name.as_str()), "{name} is not in {placed:?}");
        }
    }
}
