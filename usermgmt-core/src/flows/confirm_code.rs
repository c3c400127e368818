//! Confirming the address of a registration by the short code in the same mail.

use super::link;
use crate::auth::{Attempt, Auth, Client, Limit, LimitName, Networks, ServiceError};
use crate::config::{CODE_TRIES, CODE_TTL, Rate};
use crate::model::identifier::{Identifier, IdentifierKind};
use crate::model::ids::{TokenId, UserId};
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::secret::PlaintextPassword;
use crate::token;

/// Why a short code did nothing: wrong, dead, expired, or there is none. Which
/// of them is nobody's business.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The code is not the one.
    #[error("the code is invalid")]
    Invalid,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Confirms an address by the short code that was mailed to it. A code takes
    /// five tries; the link beside it stays good.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn confirm_by_code(
        &self,
        email: &str,
        code: &PlaintextPassword,
        client: &Client,
    ) -> Result<User, CodeError> {
        let now = self.now();
        let identifier = Identifier::typed(email);
        let limits = &self.0.config.limits;
        let networks = Networks::of(client);
        let (rate, sites) = (limits.token_client, limits.ipv6_site);
        let mut counted = Limit::of_client(LimitName::CodeClient, rate, sites, client, &networks);
        let by = [identifier.canonical()];
        counted.push(Limit::new(LimitName::CodeIdentifier, limits.code_identifier, &by));
        self.attempt(&counted, now).await?;
        let mut tried = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
            // By its username an account would have its tries of the day twice.
            let user = account.map(|account| account.user).filter(|user| {
                identifier.kind() == IdentifierKind::Email && !user.is_email_confirmed()
            });
            // The same reads and the same count for an address that nobody has.
            let nobody = UserId::generate(now, &*self.0.rng);
            let asked = user.as_ref().map_or(&nobody, |user| &user.id);
            let row = self.read(self.0.store.live_token(asked, Purpose::Confirm, now)).await?;
            let (id, issue) = row
                .as_ref()
                .map_or((TokenId::from_bytes([0; 16]), 0), |row| (row.id, row.code_issue));
            let tries = Rate { max: CODE_TRIES, window: CODE_TTL };
            let (id_text, issue_text) = (id.to_string(), issue.to_string());
            let by = if row.is_some() {
                [id_text.as_str(), issue_text.as_str()]
            } else {
                ["nobody", identifier.canonical()]
            };
            // One try of this code, however often it is decided on.
            let counted = tried.take().filter(|(code, _): &(_, Attempt)| *code == (id, issue));
            let attempt = match counted {
                Some((_, attempt)) => attempt,
                None => {
                    let limit = Limit::new(LimitName::CodeTries, tries, &by);
                    self.count_always(&[limit], now).await?
                }
            };
            let matches = token::code_matches(&self.keys().ring, id, issue, code.expose());
            let (Some(row), Some(user)) = (row, user) else {
                return Err(CodeError::Invalid);
            };
            let alive = row.code_expires_at.is_some_and(|at| now < at)
                && attempt.is_within(LimitName::CodeTries);
            if !matches || !alive || link::check(&row, &user, now).is_err() {
                return Err(CodeError::Invalid);
            }
            if let Some(user) = self
                .commit_confirmation(
                    user,
                    id,
                    Purpose::Confirm,
                    "user.confirmed_by_code",
                    client,
                    now,
                )
                .await?
            {
                return Ok(user);
            }
            tried = Some(((id, issue), attempt));
        }
    }
}
