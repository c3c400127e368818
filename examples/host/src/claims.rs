//! What our tokens say besides.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use usermgmt_axum::Requirement;
use usermgmt_core::claims::{Claims, ClaimsError};
use usermgmt_core::{AccessClaims, Session, User};

use crate::members::Members;

/// The plan of a member, and what follows from it.
#[derive(Debug)]
pub struct Plans(Members);

impl Plans {
    /// Those of this table.
    pub fn of(members: Members) -> Self {
        Self(members)
    }
}

#[async_trait]
impl Claims for Plans {
    async fn claims(&self, user: &User, _: &Session) -> Result<Map<String, Value>, ClaimsError> {
        let plan = self.0.plan(&user.id).await?;
        let roles: &[&str] = if plan.as_deref() == Some("press") { &["editor"] } else { &[] };
        Ok(Map::from_iter([("plan".to_owned(), json!(plan)), ("roles".to_owned(), json!(roles))]))
    }
}

/// Asks for the role of an editor.
#[derive(Debug)]
pub struct Editor;

impl Requirement for Editor {
    fn is_met(claims: &AccessClaims) -> bool {
        claims.has("roles", "editor")
    }
}

/// Asks for a sign-in with more than one factor.
#[derive(Debug)]
pub struct SecondFactor;

impl Requirement for SecondFactor {
    fn is_met(claims: &AccessClaims) -> bool {
        claims.is_multi_factor()
    }
}
