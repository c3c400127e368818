//! How far a mail got.

use std::fmt;

/// What was being done when something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Connect,
    StartTls,
    SignIn,
    Sender,
    Recipient,
    Content,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::StartTls => "starting TLS",
            Self::SignIn => "signing in to the mail server",
            Self::Sender => "naming the sender (mail.from)",
            Self::Recipient => "naming the recipient",
            Self::Content => "handing over the mail",
        })
    }
}
