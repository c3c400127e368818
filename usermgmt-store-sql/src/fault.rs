//! What an error of a driver means.

use usermgmt_core::store::StoreError;

/// What is known after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A row with this key is there already.
    Duplicate,
    /// The database says that it took everything back (or does so on ROLLBACK)
    /// and that another try can succeed.
    RolledBack,
    /// The database did not answer, or not any more.
    Unavailable,
    /// Anything else: a defect.
    Other,
}

pub(crate) fn fault(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Database(error) if error.is_unique_violation() => Fault::Duplicate,
        sqlx::Error::Database(error) => database_fault(&**error),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        // What a driver reports when the connection breaks in mid-answer.
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Fault::Unavailable,
        _ => Fault::Other,
    }
}

fn database_fault(error: &(dyn sqlx::error::DatabaseError + 'static)) -> Fault {
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
        return sqlite_fault(error);
    }
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return postgres_fault(error.code());
    }
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return mysql_fault(error.number());
    }
    Fault::Other
}

/// <https://www.sqlite.org/rescode.html>. The busy time-out has waited already
/// when SQLITE_BUSY comes, so another try is the caller's to make.
#[cfg(feature = "sqlite")]
fn sqlite_fault(error: &sqlx::sqlite::SqliteError) -> Fault {
    use sqlx::error::DatabaseError as _;
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    match code.map(|extended| extended & 0xff) {
        // BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN
        Some(5 | 6 | 7 | 8 | 9 | 10 | 13 | 14) => Fault::Unavailable,
        _ => Fault::Other,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
#[cfg(feature = "postgres")]
fn postgres_fault(code: &str) -> Fault {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available (our lock_timeout)
        "40001" | "40P01" | "55P03" => Fault::RolledBack,
        // read_only_sql_transaction (a standby, in a failover),
        // idle_in_transaction_session_timeout, statement_completion_unknown
        "25006" | "25P03" | "40003" => Fault::Unavailable,
        // connection exception, insufficient resources, operator intervention, system error
        _ => match code.get(..2) {
            Some("08" | "53" | "57" | "58") => Fault::Unavailable,
            _ => Fault::Other,
        },
    }
}

/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>
/// and <https://mariadb.com/kb/en/mariadb-error-code-reference/>; from 8000 on
/// <https://docs.pingcap.com/tidb/stable/error-codes>
#[cfg(feature = "mysql")]
fn mysql_fault(number: u16) -> Fault {
    match number {
        // Lock wait time-out, deadlock, refused by group replication. The first
        // takes back only the statement: the transaction is rolled back before
        // another try. TiDB: a commit that was rolled back, a schema that changed
        // meanwhile, a write conflict.
        1205 | 1213 | 3101 | 8022 | 8028 | 9007 => Fault::RolledBack,
        // Too many connections, out of memory or disk, shutting down, killed,
        // failed in COMMIT, read-only (a replica, in a failover), interrupted, no
        // member of a cluster (Galera) or its table full. TiDB: a part of it is away.
        1021
        | 1026
        | 1030
        | 1037
        | 1038
        | 1040
        | 1041
        | 1047
        | 1053
        | 1077
        | 1079
        | 1114
        | 1152..=1161
        | 1180
        | 1203
        | 1290
        | 1317
        | 1792
        | 1836
        | 1927
        | 3024
        | 3032
        | 3169
        | 4031
        | 9001..=9005 => Fault::Unavailable,
        _ => Fault::Other,
    }
}

/// The error as the store's contract has it.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match fault(&error) {
        Fault::Unavailable | Fault::RolledBack => StoreError::unavailable(error),
        // MySQL's text would tell the value, which may be personal.
        Fault::Duplicate => StoreError::Failed("a key is there already".to_owned()),
        Fault::Other => StoreError::Failed(error.to_string()),
    }
}
