//! Statements: written once, with `?` for each value.

use std::borrow::Cow;

use serde::Serialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{
    AuditId, CommitId, FactorId, IdentityId, LeaseId, MailId, PasskeyId, ServiceKeyId, SessionId,
    TokenId, UserId,
};
use usermgmt_core::store::directory::Paged;

/// A value that a statement carries. The null of each kind has a type, because
/// PostgreSQL wants to know it.
#[derive(Clone)]
pub(crate) enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Int(Option<i64>),
    Bytes(Option<Cow<'a, [u8]>>),
}

/// A statement and its values. It has no `Debug`: values stay out of logs.
#[derive(Clone)]
pub(crate) struct Statement<'a> {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value<'a>>,
    /// Whether a connection keeps it prepared.
    pub(crate) is_kept: bool,
}

/// A statement that has no values yet.
pub(crate) fn statement<'a>(sql: impl Into<Cow<'static, str>>) -> Statement<'a> {
    Statement { sql: sql.into(), values: Vec::new(), is_kept: true }
}

impl<'a> Statement<'a> {
    /// Gives the next `?` its value.
    pub(crate) fn bind(mut self, value: impl Into<Value<'a>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Goes on with this text.
    pub(crate) fn and(mut self, sql: impl AsRef<str>) -> Self {
        self.sql.to_mut().push_str(sql.as_ref());
        self
    }
}

impl<'a> Statement<'a> {
    /// Says whether a connection keeps it prepared.
    pub(crate) fn kept(mut self, is_kept: bool) -> Self {
        self.is_kept = is_kept;
        self
    }

    /// Goes on with the other statement and its values.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.sql.to_mut().push_str(&other.sql);
        self.values.extend(other.values);
        self
    }
}

/// Goes on with a page in the order of the ids.
pub(crate) fn by_id<'a, P>(select: Statement<'a>, paged: &'a Paged<P>) -> Statement<'a>
where
    P: 'a,
    &'a P: Into<Value<'a>>,
{
    let backward = paged.is_backward();
    let mut select = select;
    if let Some(seek) = &paged.seek {
        let than = if backward { "<" } else { ">" };
        let or_at = if seek.inclusive { "=" } else { "" };
        select = select.and(format!(" AND id {than}{or_at} ?")).bind(&seek.at);
    }
    let way = if backward { " DESC" } else { "" };
    select.and(format!(" ORDER BY id{way} LIMIT ?")).bind(limit(paged.to_read()))
}

/// `(?, ?), (?, ?)`: `rows` rows of `columns` placeholders each.
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

/// A list or map as the text that its column holds.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    // Infallible for what is stored so: lists and maps of texts and numbers.
    serde_json::to_string(value).unwrap_or_default()
}

/// A number of rows as the databases take it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Into::into))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(Into::into))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Int(Some(i64::from(truth)))
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Int(Some(time.as_millis()))
    }
}

impl From<Option<Timestamp>> for Value<'_> {
    fn from(time: Option<Timestamp>) -> Self {
        Self::Int(time.map(Timestamp::as_millis))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Some(bytes.into()))
    }
}

impl<'a> From<Option<&'a UserId>> for Value<'a> {
    fn from(id: Option<&'a UserId>) -> Self {
        Self::Text(id.map(|id| id.as_str().into()))
    }
}

macro_rules! text_ids {
    ($($id:ty),*) => {$(
        impl<'a> From<&'a $id> for Value<'a> {
            fn from(id: &'a $id) -> Self {
                id.as_str().into()
            }
        }
    )*};
}

text_ids!(UserId, AuditId, FactorId, IdentityId, MailId, PasskeyId, ServiceKeyId);

macro_rules! random_ids {
    ($($id:ty),*) => {$(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Self::Bytes(Some(id.as_bytes().to_vec().into()))
            }
        }
    )*};
}

random_ids!(CommitId, LeaseId, SessionId, TokenId);

impl From<Option<LeaseId>> for Value<'_> {
    fn from(id: Option<LeaseId>) -> Self {
        Self::Bytes(id.map(|id| id.as_bytes().to_vec().into()))
    }
}
