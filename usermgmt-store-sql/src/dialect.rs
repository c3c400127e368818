//! What the databases say differently.

use std::borrow::Cow;

use crate::sql::{Statement, Value, limit, statement};

/// The language of one of the databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    MySql,
}

/// What is wrong with a database that only reads.
pub(crate) const READ_ONLY: &str =
    "the database is read-only: is this a standby, after a fail-over?";

/// On a standby every transaction is read-only.
#[cfg(feature = "postgres")]
pub(crate) const POSTGRES_MAY_WRITE: &str =
    "SELECT CAST(CAST(current_setting('transaction_read_only') = 'off' AS INTEGER) AS BIGINT)";

/// Newer versions of MariaDB answer with a word.
#[cfg(feature = "mysql")]
pub(crate) const MYSQL_MAY_WRITE: &str =
    "SELECT CAST(CAST(@@global.read_only AS CHAR) IN ('0', 'OFF') AS SIGNED)";

/// What to do about rows that another transaction has locked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Locked {
    /// Pass them over. MySQL waits all the same.
    Skip,
    /// Wait for them.
    Wait,
}

impl Dialect {
    /// The text with the placeholders of this database: `$1`, `$2` … on PostgreSQL.
    pub(crate) fn numbered(self, sql: Cow<'static, str>) -> Cow<'static, str> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => Cow::Owned(numbered(&sql)),
            #[cfg(any(feature = "sqlite", feature = "mysql"))]
            _ => sql,
        }
    }

    /// The text as this database can hold it: PostgreSQL has no NUL in a text.
    /// No valid name or address has one either, so whoever types it is nobody.
    pub(crate) fn text(self, text: &str) -> Cow<'_, str> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres if text.contains('\0') => text.replace('\0', "\u{FFFD}").into(),
            _ => text.into(),
        }
    }

    /// Whether INSERT and UPDATE can answer with the rows they wrote, and a
    /// conflicting INSERT can update under a condition. MySQL can do neither.
    pub(crate) fn has_returning(self) -> bool {
        match self {
            #[cfg(feature = "mysql")]
            Self::MySql => false,
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            _ => true,
        }
    }

    /// What reads the server's clock in milliseconds. The processes that share
    /// a file run on one machine, by one clock.
    pub(crate) fn now(self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => None,
            #[cfg(feature = "postgres")]
            Self::Postgres => {
                Some("SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)")
            }
            #[cfg(feature = "mysql")]
            Self::MySql => Some("SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)"),
        }
    }

    /// What reads 1 where the server writes, and 0 where it only reads.
    pub(crate) fn may_write(self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => None,
            #[cfg(feature = "postgres")]
            Self::Postgres => Some(POSTGRES_MAY_WRITE),
            #[cfg(feature = "mysql")]
            Self::MySql => Some(MYSQL_MAY_WRITE),
        }
    }

    /// What makes a SELECT read this index, behind the name of its table.
    /// PostgreSQL knows how the values are distributed and takes it by itself.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "mysql")),
        expect(unused_variables, reason = "PostgreSQL is not told")
    )]
    pub(crate) fn by_index(self, index: &str) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!(" INDEXED BY {index}"),
            #[cfg(feature = "postgres")]
            Self::Postgres => String::new(),
            #[cfg(feature = "mysql")]
            Self::MySql => format!(" FORCE INDEX ({index})"),
        }
    }

    /// A SELECT for each of the values: by the value itself, a part for each. PostgreSQL
    /// takes longer over the plan of sixteen parts than over reading them, so there it is
    /// one that is run for each; with an OFFSET, lest it be joined by reading the table.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "only PostgreSQL names the values")
    )]
    pub(crate) fn for_each<'a>(
        self,
        name: &str,
        values: &[i64],
        part: impl Fn(&str) -> Statement<'a>,
    ) -> Vec<Statement<'a>> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => {
                let rows: Vec<String> = values.iter().map(|value| format!("({value})")).collect();
                let each = format!(
                    "SELECT found.* FROM (VALUES {}) AS each ({name}) CROSS JOIN LATERAL (",
                    rows.join(", ")
                );
                vec![statement(each).with(part(&format!("each.{name}"))).and(" OFFSET 0) AS found")]
            }
            #[cfg(any(feature = "sqlite", feature = "mysql"))]
            _ => values.iter().map(|value| part(&value.to_string())).collect(),
        }
    }

    /// Whether a union of statements is one of parts in brackets. For SQLite each is a
    /// table of its own, since a part of a union has no LIMIT there.
    pub(crate) fn has_brackets(self) -> bool {
        match self {
            #[cfg(feature = "mysql")]
            Self::MySql => true,
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            _ => false,
        }
    }

    /// Whether statements of many parts are kept prepared. MariaDB (10.11), running one
    /// again after others have used the tables that it has open, forgets that an index has
    /// all that is asked for, and reads each row from the table too.
    pub(crate) fn keeps_unions(self) -> bool {
        !self.has_brackets()
    }

    /// A text that is given, as a column beside those that are compared by bytes.
    pub(crate) fn text_value(self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "?",
            #[cfg(feature = "postgres")]
            Self::Postgres => "CAST(? AS TEXT)",
            #[cfg(feature = "mysql")]
            Self::MySql => "CAST(? AS BINARY)",
        }
    }

    /// Goes on with the condition that two columns come after these values in the
    /// order of an index that begins with them, or before. MySQL reads a range of
    /// the index only where the condition is spelt out; SQLite only where it is not.
    pub(crate) fn beyond<'a>(
        self,
        statement: Statement<'a>,
        (first, value): (&str, Value<'a>),
        (second, id): (&str, Value<'a>),
        upward: bool,
        inclusive: bool,
    ) -> Statement<'a> {
        let than = if upward { ">" } else { "<" };
        let or_at = if inclusive { "=" } else { "" };
        if self.has_returning() {
            return statement
                .and(format!("({first}, {second}) {than}{or_at} (?, ?)"))
                .bind(value)
                .bind(id);
        }
        statement
            .and(format!("({first} {than} ? OR ({first} = ? AND {second} {than}{or_at} ?))"))
            .bind(value.clone())
            .bind(value)
            .bind(id)
    }

    /// What makes an INSERT write `columns` of the row that has its `key` already.
    pub(crate) fn or_update(self, key: &str, columns: &[&str]) -> String {
        let set: Vec<String> =
            columns.iter().map(|column| format!("{column} = {}", self.inserted(column))).collect();
        format!("{} {}", self.on_conflict(key), set.join(", "))
    }

    /// What makes an INSERT update the row that has its `key` already; the
    /// assignments follow.
    pub(crate) fn on_conflict(self, key: &str) -> String {
        if self.has_returning() {
            format!("ON CONFLICT ({key}) DO UPDATE SET")
        } else {
            "ON DUPLICATE KEY UPDATE".to_owned()
        }
    }

    /// The value that a conflicting INSERT has for the column.
    pub(crate) fn inserted(self, column: &str) -> String {
        if self.has_returning() {
            format!("excluded.{column}")
        } else {
            format!("VALUES({column})")
        }
    }

    /// What lets a SELECT lock its rows and pass over those that are locked.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            // SQLite has one writer at a time: there is nothing to pass over.
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "",
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Deletes at most `rows` rows of the table that are over. The condition
    /// has one `?`, of which the caller gives the `value`; it is tested again
    /// by the DELETE itself, so that a row that was renewed meanwhile stays.
    pub(crate) fn delete_some<'a>(
        self,
        table: &str,
        key: &str,
        condition: &str,
        value: impl Into<crate::sql::Value<'a>>,
        rows: usize,
        locked: Locked,
    ) -> Statement<'a> {
        let value = value.into();
        if !self.has_returning() {
            return statement(format!("DELETE FROM {table} WHERE {condition} LIMIT ?"))
                .bind(value)
                .bind(limit(rows));
        }
        statement(format!(
            "WITH gone AS MATERIALIZED \
             (SELECT {key} FROM {table} WHERE {condition} LIMIT ?{}) \
             DELETE FROM {table} WHERE {condition} AND ({key}) IN (SELECT {key} FROM gone)",
            match locked {
                Locked::Skip => self.skip_locked(),
                Locked::Wait => "",
            }
        ))
        .bind(value.clone())
        .bind(limit(rows))
        .bind(value)
    }
}

#[cfg(feature = "postgres")]
fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len() + 16);
    let mut parts = sql.split('?');
    numbered.extend(parts.next());
    for (number, part) in (1_u32..).zip(parts) {
        numbered.push('$');
        numbered.push_str(&number.to_string());
        numbered.push_str(part);
    }
    numbered
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn postgres_numbers_the_placeholders_in_their_order() {
        let sql = Cow::Borrowed("UPDATE t SET a = ?, b = ? WHERE c = ?");
        assert_eq!(Dialect::Postgres.numbered(sql), "UPDATE t SET a = $1, b = $2 WHERE c = $3");
    }
}
