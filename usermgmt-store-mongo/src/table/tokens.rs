//! One-time tokens.

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::{TokenId, UserId};
use usermgmt_core::model::token::{Purpose, Token};
use usermgmt_core::store::{Guard, StoreError, TokenStore};

use crate::collections::TOKENS;
use crate::guard::Step;
use crate::store::MongoStore;
use crate::value::{absent, binary, date, document, id_bytes, time, unreadable};

#[derive(Serialize, Deserialize)]
struct TokenRow {
    #[serde(rename = "_id")]
    id: Binary,
    user_id: Option<UserId>,
    purpose: i32,
    binding: Option<String>,
    created_at: DateTime,
    expires_at: DateTime,
    used_at: Option<DateTime>,
    code_issue: i64,
    code_expires_at: Option<DateTime>,
}

impl TokenRow {
    fn new(token: &Token) -> Self {
        Self {
            id: binary(token.id.as_bytes()),
            user_id: token.user_id.clone(),
            purpose: number(token.purpose),
            binding: token.binding.clone(),
            created_at: date(token.created_at),
            expires_at: date(token.expires_at),
            used_at: token.used_at.map(date),
            code_issue: token.code_issue,
            code_expires_at: token.code_expires_at.map(date),
        }
    }

    fn into_token(self) -> Result<Token, StoreError> {
        let purpose = u8::try_from(self.purpose).ok().and_then(Purpose::from_number);
        Ok(Token {
            id: TokenId::from_bytes(id_bytes(self.id)?),
            user_id: self.user_id,
            purpose: purpose.ok_or_else(|| unreadable("a token's purpose"))?,
            binding: self.binding,
            created_at: time(self.created_at),
            expires_at: time(self.expires_at),
            used_at: self.used_at.map(time),
            code_issue: self.code_issue,
            code_expires_at: self.code_expires_at.map(time),
        })
    }
}

fn number(purpose: Purpose) -> i32 {
    i32::from(purpose.number())
}

fn live(id: TokenId, now: Timestamp) -> Document {
    doc! {
        "_id": binary(id.as_bytes()),
        "used_at": absent(),
        "expires_at": { "$gt": date(now) },
    }
}

pub(crate) fn insert(token: &Token) -> Result<Step, StoreError> {
    Ok(Step::insert(TOKENS, document(&TokenRow::new(token))?))
}

pub(crate) fn use_up(id: TokenId, now: Timestamp) -> Step {
    let update = doc! { "$set": { "used_at": date(now) } };
    Step::update(TOKENS, live(id, now), update).or(Guard::Token)
}

pub(crate) fn void(
    user_id: &UserId,
    purpose: Option<Purpose>,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Step {
    let mut filter = doc! { "user_id": user_id.as_str(), "used_at": absent() };
    if let Some(purpose) = purpose {
        filter.insert("purpose", number(purpose));
    }
    if let Some(since) = since {
        filter.insert("created_at", doc! { "$gte": date(since) });
    }
    Step::update_all(TOKENS, filter, doc! { "$set": { "used_at": date(now) } })
}

pub(crate) fn issue_code(id: TokenId, issue: i64, expires_at: Timestamp, now: Timestamp) -> Step {
    let mut filter = live(id, now);
    filter.insert("code_issue", issue);
    let update = doc! {
        "$inc": { "code_issue": 1_i64 },
        "$set": { "code_expires_at": date(expires_at) },
    };
    Step::update(TOKENS, filter, update).or(Guard::Token)
}

#[async_trait]
impl TokenStore for MongoStore {
    async fn token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        let row: Option<TokenRow> =
            self.find_one(TOKENS, doc! { "_id": binary(id.as_bytes()) }).await?;
        row.map(TokenRow::into_token).transpose()
    }

    async fn live_token(
        &self,
        user: &UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        let filter = doc! {
            "user_id": user.as_str(),
            "purpose": number(purpose),
            "used_at": absent(),
            "expires_at": { "$gt": date(now) },
        };
        let newest = doc! { "created_at": -1, "_id": -1 };
        let mut rows: Vec<TokenRow> = self.find(TOKENS, filter, newest, 1).await?;
        rows.pop().map(TokenRow::into_token).transpose()
    }
}
