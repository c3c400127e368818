//! Signing in by a provider, and linking identities there to accounts.
//!
//! An identity is issuer and subject. An address is never enough to get into an
//! account that is there: whoever can make some provider claim it would have the
//! account (OpenID Connect Core 1.0, 5.7). The exception is the operator's to make,
//! for providers that they trust with it.

mod begin;
mod ceremony;
mod enter;
mod exchange;
mod finish;
mod link;
mod newcomer;
mod unlink;
mod unvouched;

use url::Url;

pub use self::finish::ProviderAnswer;
use super::reauthenticate::{ReauthenticateFailure, ReauthenticationError};
use super::sign_in::SignInOutcome;
use crate::auth::ServiceError;
use crate::mail::Unreachable;
use crate::oidc::Fault;
use crate::secret::Redacted;

/// The most identities that a user links.
pub const MAX_IDENTITIES: usize = 20;

/// Somebody wants to go to a provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderRequest<'a> {
    /// Which provider.
    pub provider: &'a str,
    /// Where the provider sends the browser back: what the application passes to
    /// [`Auth::finish_provider_sign_in`](crate::Auth::finish_provider_sign_in).
    pub redirect_uri: &'a str,
    /// What the browser's cookie holds, from an earlier [`ProviderRedirect::browser`].
    pub browser: Option<&'a str>,
    /// Where it goes on afterwards. The caller has made sure that it is a place of
    /// its own. Without one, and with a
    /// [`frontend_url`](crate::config::Config::frontend_url), a sign-in ends with a
    /// code for the front end.
    pub return_to: Option<String>,
}

impl<'a> ProviderRequest<'a> {
    /// By a browser that has no cookie yet, to wherever it goes by default.
    pub fn new(provider: &'a str, redirect_uri: &'a str) -> Self {
        Self { provider, redirect_uri, browser: None, return_to: None }
    }
}

/// Where the browser is sent, and what it keeps.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderRedirect {
    /// The provider's page.
    pub url: Url,
    /// To be kept in a cookie for [`PROVIDER_SIGN_IN_TTL`](crate::config::PROVIDER_SIGN_IN_TTL),
    /// from scripts and other sites (`HttpOnly`, `SameSite=Lax`): the provider's
    /// answer counts only in the browser that has it.
    pub browser: Redacted<String>,
}

/// What came of a provider's answer.
#[derive(Clone, Debug)]
pub enum ProviderOutcome {
    /// The first factor is right.
    SignedIn {
        /// A session, or the second factor is asked for.
        outcome: SignInOutcome,
        /// Where the browser goes on.
        return_to: Option<String>,
    },
    /// The first factor is right, and the front end fetches what comes of it with
    /// this code ([`Auth::exchange_sign_in`](crate::Auth::exchange_sign_in)).
    Code(Redacted<String>),
    /// The identity is linked to the account that asked for it.
    Linked {
        /// Where the browser goes on.
        return_to: Option<String>,
    },
}

/// Why a provider did not sign in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderSignInError {
    /// There is no such provider.
    #[error("there is no such provider")]
    UnknownProvider,
    /// Linking needs a recent sign-in.
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// The answer belongs to nothing that this browser has begun, was used before,
    /// or took too long.
    #[error("the sign-in was not begun in this browser, is over, or took too long")]
    InvalidState,
    /// The person, or the provider, said no.
    #[error("the sign-in was called off at the provider")]
    Denied,
    /// What the provider said cannot be believed. Why is in the log.
    #[error("the provider's answer cannot be believed")]
    Refused,
    /// The provider did not answer. Why is in the log.
    #[error("the provider is not available")]
    Unavailable,
    /// An account needs an address, and the provider named none.
    #[error("the provider named no address")]
    NoEmail,
    /// The address has an account, which another way in leads to. There the
    /// identity can be linked.
    #[error("the address has an account")]
    AccountExists,
    /// The provider does not vouch for the address: its mailbox has a mail.
    #[error("the address has to be confirmed first")]
    ConfirmationRequired,
    /// The identity is another account's.
    #[error("the identity is linked to another account")]
    IdentityTaken,
    /// The account has as many identities as it may.
    #[error("the account has {MAX_IDENTITIES} identities")]
    TooMany,
    /// The account is disabled, or gone since.
    #[error("the account is not active")]
    NotActive,
    /// No mail can reach the address.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<ReauthenticateFailure> for ProviderSignInError {
    fn from(failure: ReauthenticateFailure) -> Self {
        match failure {
            ReauthenticateFailure::Refused(refused) => Self::Reauthentication(refused),
            ReauthenticateFailure::Service(error) => Self::Service(error),
        }
    }
}

/// Logs what a provider did wrong.
fn fault(provider: &str, fault: &Fault) -> ProviderSignInError {
    match fault {
        Fault::Unavailable(why) => {
            tracing::warn!(event = "provider_unavailable", provider, %why, "a provider did not answer");
            ProviderSignInError::Unavailable
        }
        Fault::Refused(why) => {
            tracing::warn!(event = "provider_refused", provider, %why, "a provider's answer was refused");
            ProviderSignInError::Refused
        }
    }
}

/// Why an identity was not unlinked.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The user has no such identity.
    #[error("there is no such identity")]
    NotFound,
    /// Without it the user could not sign in any more.
    #[error("it is the only way to sign in")]
    LastSignInMethod,
    /// It needs a recent sign-in.
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<ReauthenticateFailure> for IdentityError {
    fn from(failure: ReauthenticateFailure) -> Self {
        match failure {
            ReauthenticateFailure::Refused(refused) => Self::Reauthentication(refused),
            ReauthenticateFailure::Service(error) => Self::Service(error),
        }
    }
}
