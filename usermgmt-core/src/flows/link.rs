//! Opening a link that was mailed: every one of them, and one way to do it.

use std::time::Duration;

use crate::auth::{Auth, Client, Limit, LimitName, Networks, ServiceError};
use crate::clock::Timestamp;
use crate::config::{
    EMAIL_SIGN_IN_TTL, EMAIL_UNDO_TTL, MFA_TICKET_TTL, PASSKEY_TTL, PROVIDER_SIGN_IN_TTL,
    SIGN_IN_EXCHANGE_TTL,
};
use crate::model::identifier::Email;
use crate::model::token::{Purpose, Token};
use crate::model::user::{Account, User};
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

/// What a link of a purpose is good for.
struct Rule {
    /// The address that it was mailed to is the account's still. Else it is
    /// another one, which following the link makes the account's.
    to_present_address: bool,
    /// What the account must be.
    account: State,
}

/// What an account must be for a link to do something.
#[derive(PartialEq, Eq)]
enum State {
    /// Not confirmed yet; a link that confirms has done its work else.
    Unconfirmed,
    /// Confirmed and not disabled.
    Active,
    /// Not disabled.
    Enabled,
}

/// The rules of all links to accounts; `None` for what is no such link.
const fn rule(purpose: Purpose) -> Option<Rule> {
    let (to_present_address, account) = match purpose {
        Purpose::Confirm | Purpose::NotMe | Purpose::Activation => (true, State::Unconfirmed),
        Purpose::Reset => (true, State::Active),
        Purpose::ChoosePassword => (true, State::Enabled),
        Purpose::EmailChange | Purpose::EmailUndo => (false, State::Enabled),
        // The first may lead to an address that has no account yet.
        Purpose::EmailSignIn
        | Purpose::MfaTicket
        | Purpose::LegacyRefresh
        | Purpose::ProviderSignIn
        | Purpose::SignInExchange
        | Purpose::PasskeyRegistration
        | Purpose::PasskeySignIn => return None,
    };
    Some(Rule { to_present_address, account })
}

/// A link that would do something.
pub(super) struct Link {
    /// Its row.
    pub(super) token: Token,
    /// Whose it is.
    pub(super) account: Account,
}

impl Link {
    /// The address that it was mailed to.
    pub(super) fn email(&self) -> Result<Email, LinkError> {
        self.token.binding.as_deref().map(Email::from_bound).ok_or(LinkError::Invalid)
    }
}

impl Auth {
    /// How long a token of this purpose is good.
    pub(super) fn token_life(&self, purpose: Purpose) -> Duration {
        let config = &self.0.config;
        match purpose {
            Purpose::Confirm | Purpose::ChoosePassword | Purpose::EmailChange => {
                config.confirmation_ttl
            }
            // As long as the account may stay unconfirmed.
            Purpose::NotMe => config.unconfirmed_ttl,
            Purpose::Activation => config.activation_ttl,
            Purpose::Reset => config.reset_ttl,
            Purpose::EmailUndo => EMAIL_UNDO_TTL,
            Purpose::MfaTicket | Purpose::LegacyRefresh => MFA_TICKET_TTL,
            Purpose::EmailSignIn => EMAIL_SIGN_IN_TTL,
            Purpose::ProviderSignIn => PROVIDER_SIGN_IN_TTL,
            Purpose::SignInExchange => SIGN_IN_EXCHANGE_TTL,
            Purpose::PasskeyRegistration | Purpose::PasskeySignIn => PASSKEY_TTL,
        }
    }

    /// Opens a link that somebody presents as one of these purposes.
    pub(super) async fn open_link(
        &self,
        text: &str,
        purposes: &[Purpose],
        now: Timestamp,
    ) -> Result<Link, LinkError> {
        let (purpose, id) = token::parse_one_time(&self.keys().ring, text)
            .filter(|(purpose, _)| purposes.contains(purpose))
            .ok_or(LinkError::Invalid)?;
        let rule = rule(purpose).ok_or(LinkError::Invalid)?;
        let token = self.read(self.0.store.token(id)).await?.ok_or(LinkError::Invalid)?;
        let user = token.user_id.as_ref().ok_or(LinkError::Invalid)?;
        let account = self.read(self.0.store.account(user)).await?.ok_or(LinkError::Invalid)?;
        let user = &account.user;
        match rule.account {
            State::Unconfirmed if user.is_email_confirmed() => {
                return Err(LinkError::AlreadyConfirmed);
            }
            State::Active if !user.is_active() => return Err(LinkError::Invalid),
            State::Enabled if user.disabled_at.is_some() => return Err(LinkError::Invalid),
            _ => {}
        }
        if rule.to_present_address {
            check(&token, user, now)?;
        } else {
            check_times(&token, user, now)?;
        }
        Ok(Link { token, account })
    }

    /// Whether a link of one of these purposes would still do something, and whose
    /// it is. Changes nothing, however often it is asked: mail scanners open links.
    ///
    /// # Errors
    /// [`LinkError`], as following the link would give.
    pub async fn inspect_link(
        &self,
        link_token: &str,
        purposes: &[Purpose],
        client: &Client,
    ) -> Result<User, LinkError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        Ok(self.open_link(link_token, purposes, now).await?.account.user)
    }

    /// Counts a request that presents a token, by client alone.
    pub(crate) async fn attempt_token(
        &self,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let (limits, networks) = (&self.0.config.limits, Networks::of(client));
        let (rate, sites) = (limits.token_client, limits.ipv6_site);
        let counted = Limit::of_client(LimitName::TokenClient, rate, sites, client, &networks);
        self.attempt(&counted, now).await?;
        Ok(())
    }
}

/// Whether a link is still good for this user: live, not past the account's own
/// end, and mailed to the present address.
pub(super) fn check(token: &Token, user: &User, now: Timestamp) -> Result<(), LinkError> {
    check_times(token, user, now)?;
    let bound = token.binding.as_deref().map(Email::canonical_of);
    if bound.as_deref() != Some(user.email.canonical()) {
        return Err(LinkError::Invalid);
    }
    Ok(())
}

fn check_times(token: &Token, user: &User, now: Timestamp) -> Result<(), LinkError> {
    if token.used_at.is_some() {
        return Err(LinkError::Invalid);
    }
    if now >= token.expires_at || user.unconfirmed_until.is_some_and(|until| now >= until) {
        return Err(LinkError::Expired);
    }
    Ok(())
}
