//! Rows, read column by column.

use std::net::IpAddr;
use std::str::FromStr;

use sqlx::{Row as _, ValueRef as _};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{CommitId, LeaseId, SessionId, TokenId};
use usermgmt_core::store::StoreError;

/// A row of one of the databases.
pub(crate) enum Row {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
    #[cfg(feature = "mysql")]
    MySql(sqlx::mysql::MySqlRow),
}

macro_rules! on_row {
    ($row:expr, $name:ident => $answer:expr) => {
        match $row {
            #[cfg(feature = "sqlite")]
            Row::Sqlite($name) => $answer,
            #[cfg(feature = "postgres")]
            Row::Postgres($name) => $answer,
            #[cfg(feature = "mysql")]
            Row::MySql($name) => $answer,
        }
    };
}

impl Row {
    /// Its columns, to be read in the order in which the statement names them.
    pub(crate) fn columns(&self) -> Columns<'_> {
        Columns { row: self, next: 0 }
    }

    fn is_null(&self, column: usize) -> Result<bool, sqlx::Error> {
        on_row!(self, row => row.try_get_raw(column).map(|value| value.is_null()))
    }

    fn int(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        on_row!(self, row => row.try_get(column))
    }

    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, sqlx::Error> {
        on_row!(self, row => row.try_get(column))
    }

    pub(crate) fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(row) => row.try_get(column),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => row.try_get(column),
            // Ids and canonical forms are VARBINARY there, which the driver
            // does not hand out as text.
            #[cfg(feature = "mysql")]
            Self::MySql(row) => row
                .try_get::<Option<Vec<u8>>, _>(column)?
                .map(String::from_utf8)
                .transpose()
                .map_err(|error| sqlx::Error::Decode(error.utf8_error().into())),
        }
    }
}

/// The columns of a row, one after the other.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl Columns<'_> {
    fn read<T>(
        &mut self,
        get: impl FnOnce(&Row, usize) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let column = self.next;
        self.next += 1;
        get(self.row, column).map_err(|error| StoreError::Failed(error.to_string()))
    }

    fn present<T>(&self, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.strange("is null"))
    }

    /// Passes over these, which are listed as statements list them.
    pub(crate) fn skip(&mut self, columns: &str) {
        self.next += columns.split(", ").count();
    }

    /// The column that was read last, or that could not be read.
    pub(crate) fn last(&self) -> usize {
        self.next.saturating_sub(1)
    }

    /// The value itself is not told: it may be personal.
    fn strange(&self, what: &str) -> StoreError {
        StoreError::Failed(format!("column {} of the answer {what}", self.next - 1))
    }

    /// Whether the next column is null; it is still there to be read.
    pub(crate) fn next_is_null(&self) -> Result<bool, StoreError> {
        self.row.is_null(self.next).map_err(|error| StoreError::Failed(error.to_string()))
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, StoreError> {
        self.read(Row::text)
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        let value = self.opt_text()?;
        self.present(value)
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, StoreError> {
        self.read(Row::int)
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        let value = self.opt_int()?;
        self.present(value)
    }

    pub(crate) fn truth(&mut self) -> Result<bool, StoreError> {
        Ok(self.int()? != 0)
    }

    /// How many there are.
    pub(crate) fn number(&mut self) -> Result<u64, StoreError> {
        let number = self.int()?;
        u64::try_from(number).map_err(|_| self.strange("is negative"))
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_int()?.map(Timestamp::from_millis))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.int().map(Timestamp::from_millis)
    }

    pub(crate) fn opt_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(Row::bytes)
    }

    /// A random id.
    pub(crate) fn id<T: RandomId>(&mut self) -> Result<T, StoreError> {
        let id = self.opt_id()?;
        self.present(id)
    }

    /// A random id, or none.
    pub(crate) fn opt_id<T: RandomId>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.opt_bytes()? else {
            return Ok(None);
        };
        let bytes: Result<[u8; 16], _> = bytes.try_into();
        bytes
            .map(|bytes| Some(T::from_bytes(bytes)))
            .map_err(|_| self.strange("is not 16 bytes long"))
    }

    /// A text that has a type of its own.
    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T, StoreError> {
        self.named(|text| text.parse().ok())
    }

    /// A text that has a type of its own, or none.
    pub(crate) fn opt_parsed<T: FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(text) = self.opt_text()? else {
            return Ok(None);
        };
        let parsed = text.parse().ok();
        parsed.map(Some).ok_or_else(|| self.strange("cannot be read"))
    }

    /// One of the values that have a name.
    pub(crate) fn named<T>(
        &mut self,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let text = self.text()?;
        read(&text).ok_or_else(|| self.strange("cannot be read"))
    }

    /// One of the values that have a number.
    pub(crate) fn numbered<T>(
        &mut self,
        read: impl FnOnce(u8) -> Option<T>,
    ) -> Result<T, StoreError> {
        let number = u8::try_from(self.int()?).ok();
        number.and_then(read).ok_or_else(|| self.strange("cannot be read"))
    }

    /// A JSON text.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        self.named(|text| serde_json::from_str(text).ok())
    }

    pub(crate) fn opt_ip(&mut self) -> Result<Option<IpAddr>, StoreError> {
        self.opt_parsed()
    }
}

/// An id that is 128 random bits.
pub(crate) trait RandomId {
    fn from_bytes(bytes: [u8; 16]) -> Self;
}

macro_rules! random_ids {
    ($($id:ty),*) => {$(
        impl RandomId for $id {
            fn from_bytes(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }
        }
    )*};
}

random_ids!(CommitId, LeaseId, SessionId, TokenId);
