//! One-time tokens.

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{TokenId, UserId};
use usermgmt_core::model::token::{Purpose, Token};
use usermgmt_core::store::{Guard, StoreError, TokenStore};

use crate::guard::Step;
use crate::row::Row;
use crate::sql::{Statement, statement};
use crate::store::SqlStore;

/// A token's columns, in the order in which [`token`] reads them.
macro_rules! token_columns {
    () => {
        "id, user_id, purpose, binding, created_at, expires_at, used_at, code_issue, \
         code_expires_at"
    };
}

fn token(row: &Row) -> Result<Token, StoreError> {
    let mut row = row.columns();
    Ok(Token {
        id: row.id()?,
        user_id: row.opt_parsed()?,
        purpose: row.numbered(Purpose::from_number)?,
        binding: row.opt_text()?,
        created_at: row.time()?,
        expires_at: row.time()?,
        used_at: row.opt_time()?,
        code_issue: row.int()?,
        code_expires_at: row.opt_time()?,
    })
}

fn number(purpose: Purpose) -> i64 {
    i64::from(purpose.number())
}

pub(crate) fn select(id: TokenId) -> Statement<'static> {
    statement(concat!("SELECT ", token_columns!(), " FROM usermgmt_tokens WHERE id = ?")).bind(id)
}

pub(crate) fn select_live(user: &UserId, purpose: Purpose, now: Timestamp) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        token_columns!(),
        " FROM usermgmt_tokens WHERE user_id = ? AND purpose = ? AND used_at IS NULL \
         AND expires_at > ? ORDER BY created_at DESC, id DESC LIMIT 1"
    ))
    .bind(user)
    .bind(number(purpose))
    .bind(now)
}

pub(crate) fn insert(token: &Token) -> Step<'_> {
    statement(concat!(
        "INSERT INTO usermgmt_tokens (",
        token_columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))
    .bind(token.id)
    .bind(token.user_id.as_ref())
    .bind(number(token.purpose))
    .bind(token.binding.as_deref())
    .bind(token.created_at)
    .bind(token.expires_at)
    .bind(token.used_at)
    .bind(token.code_issue)
    .bind(token.code_expires_at)
    .new_key(Guard::Exists)
}

pub(crate) fn use_up(id: TokenId, now: Timestamp) -> Step<'static> {
    statement(
        "UPDATE usermgmt_tokens SET used_at = ? \
         WHERE id = ? AND used_at IS NULL AND expires_at > ?",
    )
    .bind(now)
    .bind(id)
    .bind(now)
    .one_row(Guard::Token)
}

pub(crate) fn void(
    user_id: &UserId,
    purpose: Option<Purpose>,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Step<'_> {
    let mut void = statement(format!(
        "UPDATE usermgmt_tokens SET used_at = ? WHERE user_id = ? AND used_at IS NULL{}{}",
        purpose.map_or("", |_| " AND purpose = ?"),
        since.map_or("", |_| " AND created_at >= ?"),
    ))
    .bind(now)
    .bind(user_id);
    if let Some(purpose) = purpose {
        void = void.bind(number(purpose));
    }
    if let Some(since) = since {
        void = void.bind(since);
    }
    void.anything()
}

pub(crate) fn issue_code(
    id: TokenId,
    issue: i64,
    expires_at: Timestamp,
    now: Timestamp,
) -> Step<'static> {
    statement(
        "UPDATE usermgmt_tokens SET code_issue = code_issue + 1, code_expires_at = ? \
         WHERE id = ? AND code_issue = ? AND used_at IS NULL AND expires_at > ?",
    )
    .bind(expires_at)
    .bind(id)
    .bind(issue)
    .bind(now)
    .one_row(Guard::Token)
}

#[async_trait]
impl TokenStore for SqlStore {
    async fn token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        self.read_one(&select(id), token).await
    }

    async fn live_token(
        &self,
        user: &UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        self.read_one(&select_live(user, purpose, now), token).await
    }
}
