//! Confirming the address of a registration, by link or by short code; asking
//! for the mail again; "this was not me".

use crate::auth::{Attempt, Auth, Client, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::CODE_TRIES;
use crate::model::identifier::{Email, Identifier, IdentifierKind};
use crate::model::ids::{TokenId, UserId};
use crate::model::mail::MailKind;
use crate::model::token::{Purpose, Token};
use crate::model::user::User;
use crate::secret::PlaintextPassword;
use crate::store::{Change, UserPatch};
use crate::token;

/// Why a link did nothing.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Not a link of ours, used before, or replaced.
    #[error("the link is invalid")]
    Invalid,
    /// Its time is over.
    #[error("the link has expired")]
    Expired,
    /// What it was for is done.
    #[error("the address is confirmed already")]
    AlreadyConfirmed,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

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

/// Why the mail was not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// There is no such account. Only with
    /// [`Compat::reveal_existing_accounts`](crate::config::Compat::reveal_existing_accounts).
    #[error("there is no such account")]
    UnknownUser,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Confirms an address by the link that was mailed to it.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn confirm(&self, link_token: &str, client: &Client) -> Result<User, LinkError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let id = match token::parse_one_time(&self.0.keys, link_token) {
            Some((Purpose::Confirm, id)) => id,
            _ => return Err(LinkError::Invalid),
        };
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let (row, user) = self.token_and_user(id).await?.ok_or(LinkError::Invalid)?;
            if user.is_email_confirmed() {
                return Err(LinkError::AlreadyConfirmed);
            }
            check_link(&row, &user, now)?;
            if let Some(user) =
                self.commit_confirmation(user, id, Purpose::Confirm, "user.confirmed", now).await?
            {
                return Ok(user);
            }
        }
    }

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
        self.attempt(
            &[
                Limit {
                    rate: limits.code_identifier,
                    name: LimitName::CodeIdentifier,
                    by: &[identifier.canonical()],
                },
                Limit {
                    rate: client.limit(limits.token_client),
                    name: LimitName::CodeClient,
                    by: &[&client.network()],
                },
            ],
            now,
        )
        .await?;
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
            let tries = crate::config::Rate { max: CODE_TRIES, window: crate::config::CODE_TTL };
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
                    let limit = Limit { rate: tries, name: LimitName::CodeTries, by: &by };
                    self.count_always(&[limit], now).await?
                }
            };
            let matches = token::code_matches(&self.0.keys, id, issue, code.expose());
            let (Some(row), Some(user)) = (row, user) else {
                return Err(CodeError::Invalid);
            };
            let alive = row.code_expires_at.is_some_and(|at| now < at)
                && attempt.is_within(LimitName::CodeTries);
            if !matches || !alive || check_link(&row, &user, now).is_err() {
                return Err(CodeError::Invalid);
            }
            if let Some(user) = self
                .commit_confirmation(user, id, Purpose::Confirm, "user.confirmed_by_code", now)
                .await?
            {
                return Ok(user);
            }
            tried = Some(((id, issue), attempt));
        }
    }

    /// Mails the confirmation again: the same link while half of its life
    /// remains, and a new code. The outcome is the same for every address.
    ///
    /// # Errors
    /// [`ResendError`].
    pub async fn resend_confirmation(
        &self,
        email: &str,
        client: &Client,
    ) -> Result<(), ResendError> {
        let now = self.now();
        let identifier = Identifier::typed(email);
        self.attempt_mail(&identifier, client, now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.read(self.0.store.account_by_identifier(&identifier, now)).await?;
            if account.is_none() && self.0.config.compat.reveal_existing_accounts {
                return Err(ResendError::UnknownUser);
            }
            let unconfirmed = account.filter(|account| !account.user.is_email_confirmed());
            let list = match &unconfirmed {
                Some(account) => {
                    let user = &account.user;
                    // A contested registration has no password: its mail is the one to choose it.
                    let (purpose, kind) = if account.password.is_some() {
                        (Purpose::Confirm, MailKind::Confirmation)
                    } else {
                        (Purpose::ChoosePassword, MailKind::ChoosePassword)
                    };
                    let with_code = kind == MailKind::Confirmation;
                    let ttl = self.0.config.confirmation_ttl;
                    let (token, change) = self
                        .mail_token(&user.id, purpose, &user.email, ttl, with_code, now)
                        .await?;
                    let (mut tokens, mut list) = (vec![token], vec![change]);
                    self.not_me(user, &mut tokens, &mut list, now);
                    list.push(self.touch(user));
                    list.push(self.mail_user(kind, user, tokens, &[], now));
                    list
                }
                None => {
                    let nobody = UserId::generate(now, &*self.0.rng);
                    self.read(self.0.store.live_token(&nobody, Purpose::Confirm, now)).await?;
                    self.decoys(4, now)
                }
            };
            if self.commit(list, now).await?.is_ok() {
                return Ok(());
            }
        }
    }

    /// Deletes an unconfirmed registration by the "this was not me" link.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn not_me_link(&self, link_token: &str, client: &Client) -> Result<(), LinkError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let id = match token::parse_one_time(&self.0.keys, link_token) {
            Some((Purpose::NotMe, id)) => id,
            _ => return Err(LinkError::Invalid),
        };
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let (row, user) = self.token_and_user(id).await?.ok_or(LinkError::Invalid)?;
            if user.is_email_confirmed() {
                return Err(LinkError::AlreadyConfirmed);
            }
            check_link(&row, &user, now)?;
            let mut list = self.deletion(&user, "user.not_me", now);
            list.push(Change::UseToken { id, now });
            // A name that were free at once would tell whoever registered it that
            // the address was unknown.
            list.extend(user.unconfirmed_until.map(|until| Change::ClaimIdentifier {
                identifier: Identifier::username(&user.username),
                user_id: None,
                until: Some(until),
                now,
            }));
            if self.commit(list, now).await?.is_ok() {
                self.purge_deleted(now).await;
                return Ok(());
            }
        }
    }

    /// A link's row with its user, where both are there.
    pub(crate) async fn token_and_user(
        &self,
        id: TokenId,
    ) -> Result<Option<(Token, User)>, ServiceError> {
        let Some(row) = self.read(self.0.store.token(id)).await? else {
            return Ok(None);
        };
        let Some(user_id) = row.user_id.clone() else {
            return Ok(None);
        };
        let account = self.read(self.0.store.account(&user_id)).await?;
        Ok(account.map(|account| (row, account.user)))
    }

    /// Makes the address confirmed. `None`: something changed in between.
    pub(crate) async fn commit_confirmation(
        &self,
        user: User,
        id: TokenId,
        purpose: Purpose,
        action: &str,
        now: Timestamp,
    ) -> Result<Option<User>, ServiceError> {
        let mut list = vec![
            Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::new(UserPatch {
                    email_confirmed_at: Some(now),
                    unconfirmed_until: Some(None),
                    ..UserPatch::default()
                }),
            },
            Change::UseToken { id, now },
            Change::VoidTokens {
                user_id: user.id.clone(),
                purpose: Some(purpose),
                since: None,
                now,
            },
            Change::VoidTokens {
                user_id: user.id.clone(),
                purpose: Some(Purpose::NotMe),
                since: None,
                now,
            },
            self.audit(&user.id, action, &["email_confirmed_at"], now),
        ];
        list.extend(self.hold_identifiers(&user, None));
        let confirmed = User {
            email_confirmed_at: Some(now),
            unconfirmed_until: None,
            updated_at: now,
            epoch: user.epoch + 1,
            ..user
        };
        Ok(self.commit(list, now).await?.is_ok().then_some(confirmed))
    }

    /// Counts a request that presents a token, by client alone.
    pub(crate) async fn attempt_token(
        &self,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let rate = client.limit(self.0.config.limits.token_client);
        self.attempt(
            &[Limit { rate, name: LimitName::TokenClient, by: &[&client.network()] }],
            now,
        )
        .await?;
        Ok(())
    }

    /// Counts a request that makes us send mail.
    pub(crate) async fn attempt_mail(
        &self,
        identifier: &Identifier,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let limits = &self.0.config.limits;
        self.attempt(
            &[
                Limit {
                    rate: limits.mail_identifier,
                    name: LimitName::MailIdentifier,
                    by: &[identifier.canonical()],
                },
                Limit {
                    rate: client.limit(limits.mail_client),
                    name: LimitName::MailClient,
                    by: &[&client.network()],
                },
            ],
            now,
        )
        .await?;
        Ok(())
    }
}

/// Whether a link is still good for this user: live, not past the account's own
/// end, and mailed to the present address.
pub(crate) fn check_link(row: &Token, user: &User, now: Timestamp) -> Result<(), LinkError> {
    if row.used_at.is_some() {
        return Err(LinkError::Invalid);
    }
    if now >= row.expires_at || user.unconfirmed_until.is_some_and(|until| now >= until) {
        return Err(LinkError::Expired);
    }
    let bound = row.binding.as_deref().map(Email::canonical_of);
    if bound.as_deref() != Some(user.email.canonical()) {
        return Err(LinkError::Invalid);
    }
    Ok(())
}
