//! Proof that somebody is no program, demanded by the application at what
//! strangers drive.
//!
//! Off unless [`AuthBuilder::captcha`](crate::AuthBuilder::captcha) is given a
//! [`Captcha`]. It stands beside the limits, which count the same with and without it.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use crate::auth::Client;

/// What somebody is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CaptchaAction {
    /// [`Auth::register`](crate::Auth::register) and [`Auth::prepare_registration`](crate::Auth::prepare_registration).
    Register,
    /// [`Auth::sign_in`](crate::Auth::sign_in).
    SignIn,
    /// [`Auth::mail_sign_in`](crate::Auth::mail_sign_in).
    MailSignIn,
    /// [`Auth::forgot_password`](crate::Auth::forgot_password).
    ForgotPassword,
    /// [`Auth::resend_confirmation`](crate::Auth::resend_confirmation).
    ResendConfirmation,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaVerdict {
    /// The proof is good, or none is asked of this client for this.
    Passed,
    /// There is no proof, and one is asked for.
    Required,
    /// The proof is wrong, old, or was used before.
    Failed,
}

/// Why nobody can say. The text is for the log.
pub type CaptchaError = Box<dyn Error + Send + Sync>;

/// Decides whether a client has to prove something, and whether it did:
/// [`Client::captcha_token`] is what it sent.
///
/// Asked first, before anything is read, hashed or mailed, so that what is refused
/// here takes nobody's tries; a client that fails at it again and again is refused
/// under [`Limits::token_client`](crate::config::Limits::token_client) without its
/// being asked. It is not told who is asked for: its answer would tell who has an
/// account. Requests wait for it: bound the time that it takes.
///
/// ```
/// use usermgmt_core::Client;
/// use usermgmt_core::captcha::{Captcha, CaptchaAction, CaptchaError, CaptchaVerdict};
///
/// /// At registration, for whoever does not come from the office.
/// #[derive(Debug)]
/// struct Strangers;
///
/// #[async_trait::async_trait]
/// impl Captcha for Strangers {
///     async fn check(
///         &self,
///         action: CaptchaAction,
///         client: &Client,
///     ) -> Result<CaptchaVerdict, CaptchaError> {
///         let is_ours = client.address.is_some_and(|address| address.is_loopback());
///         if action != CaptchaAction::Register || is_ours {
///             return Ok(CaptchaVerdict::Passed);
///         }
///         Ok(match &client.captcha_token {
///             None => CaptchaVerdict::Required,
///             Some(token) if is_solved(token.expose()).await? => CaptchaVerdict::Passed,
///             Some(_) => CaptchaVerdict::Failed,
///         })
///     }
/// }
/// # async fn is_solved(_: &str) -> Result<bool, CaptchaError> { Ok(true) }
/// ```
#[async_trait]
pub trait Captcha: fmt::Debug + Send + Sync + 'static {
    /// Whether the client may go on.
    ///
    /// # Errors
    /// Whatever keeps the application from saying so: the request is refused as one
    /// whose store is not available. An application that would rather let everybody
    /// in while its provider is down answers [`CaptchaVerdict::Passed`].
    async fn check(
        &self,
        action: CaptchaAction,
        client: &Client,
    ) -> Result<CaptchaVerdict, CaptchaError>;
}
