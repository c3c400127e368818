//! How mail leaves: the trait a transport implements.

use std::fmt;

use async_trait::async_trait;

pub use crate::model::mail::{MailKind, Message};

/// Why a mail could not be handed over. The texts go to the operator (log and
/// outbox): no codes, links or passwords in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Not sent, and worth another try: no connection, a time-out, a 4xx answer,
    /// throttling.
    #[error("temporary failure: {0}")]
    Temporary(String),
    /// May have been sent: the mail was handed over, and no answer came. Each
    /// further try may be a further copy for the recipient, so it counts as one,
    /// and after a second such answer comes late (RFC 5321, 4.5.3.2.6).
    #[error("no receipt: {0}")]
    Unconfirmed(String),
    /// Will not succeed however often it is tried: a recipient or a mail that is
    /// refused.
    #[error("permanent failure: {0}")]
    Permanent(String),
    /// Will not succeed before the operator sets something right that no
    /// recipient can help: credentials, the sender, the account with the mail
    /// service, TLS, a template. The mail is kept and tried for three days, and the
    /// fault is shown once and not for each mail.
    #[error("fault of the set-up: {0}")]
    SetUp(String),
}

/// Hands mails over to whatever delivers them.
#[async_trait]
pub trait Mailer: fmt::Debug + Send + Sync + 'static {
    /// Sends one mail. Called by the outbox worker, at least once for each
    /// committed mail: what it sends carries the message's id, so that a
    /// repetition can be told.
    ///
    /// # Errors
    /// [`MailError`] says whether another try is worth it.
    async fn send(&self, message: &Message) -> Result<(), MailError>;

    /// Does the work of sending this mail without sending it. Called for a mail
    /// that nobody is to get, so that how busy this process is does not show
    /// whether somebody was mailed, which may show whether they have an account.
    /// What it meets on the way is not reported. Does nothing by default.
    async fn rehearse(&self, message: &Message) {
        let _ = message;
    }
}
