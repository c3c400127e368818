//! How mail leaves: the trait a transport implements.

use std::fmt;

use async_trait::async_trait;

use crate::model::identifier::Email;
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

/// Why a transport can never reach an address, in words for whoever typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("mail cannot be sent to this address: {reason}")]
pub struct Unreachable {
    /// What about the address it is, without a full stop.
    pub reason: &'static str,
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

    /// Whether a mail could be handed over now: connects and signs in, and sends
    /// nothing. For whoever looks whether a set-up works. Says what limits it all the
    /// same, a sentence each. A transport that cannot tell without sending says that
    /// it could, as by default.
    ///
    /// # Errors
    /// [`MailError`] says why not.
    async fn check(&self) -> Result<Vec<String>, MailError> {
        Ok(Vec::new())
    }

    /// Whether mail can reach this address at all. Asked before an account is made
    /// with it or gets it, so that whoever typed it learns at once what no later
    /// try would change: a server that takes only ASCII before the `@`, say. Not
    /// for whether the mailbox exists. Every address by default.
    ///
    /// # Errors
    /// [`Unreachable`] where it is certain that no mail would arrive.
    async fn check_reach(&self, address: &Email) -> Result<(), Unreachable> {
        let _ = address;
        Ok(())
    }

    /// Does the work of sending this mail without sending it. Called for a mail
    /// that nobody is to get, so that how busy this process is does not show
    /// whether somebody was mailed, which may show whether they have an account.
    /// What it meets on the way is not reported. Does nothing by default.
    async fn rehearse(&self, message: &Message) {
        let _ = message;
    }
}
