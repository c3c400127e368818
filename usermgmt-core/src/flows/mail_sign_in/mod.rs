//! Signing in by what is mailed: a short code, which works only for whoever asked
//! for it, and a link, which works for whoever has the mailbox.
//!
//! Each request has a row of its own, so that nobody's request ends what another
//! one mailed; the first that is used ends them all. What a request gets names
//! its row, or one that was never written: nobody sees which.

mod by_code;
mod by_link;
mod enter;
mod first;
mod open;
mod request;

pub use self::by_link::MailSignInLink;
pub use self::request::MailSignInRequestError;
use crate::auth::{Auth, ServiceError};

/// Why a mailed code or link did not sign in.
#[derive(Debug, thiserror::Error)]
pub enum MailSignInError {
    /// The method is off ([`SignInMethods::email`](crate::config::SignInMethods::email)).
    #[error("signing in by mail is off")]
    Off,
    /// Not the code, out of tries, expired, or not asked for here. Which of them is
    /// nobody's business.
    #[error("the code is invalid")]
    InvalidCode,
    /// Not a link of ours, used, replaced or expired.
    #[error("the link is invalid or has expired")]
    InvalidToken,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Links that were mailed before the method was turned off are no good either.
    fn mail_sign_in_is_on(&self) -> bool {
        self.0.config.sign_in.email
    }
}
