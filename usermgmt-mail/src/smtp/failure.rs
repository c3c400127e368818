//! What went wrong, and what that means for the mail.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp as lettre_smtp;
use lettre::transport::smtp::response::Response;
use usermgmt_core::mail::MailError;

use super::status::{Fault, fault};
use super::step::Step;
use crate::reply::reply;

/// What went wrong.
pub(super) enum Failure {
    /// The operator has to mend this; the text names no secret.
    SetUp(String),
    NoStartTls,
    NoSuchSender,
    NoSuchRecipients,
    OutOfStep(u16),
    Unreachable(io::Error),
    Smtp(lettre_smtp::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}

impl From<lettre_smtp::Error> for Failure {
    fn from(error: lettre_smtp::Error) -> Self {
        Self::Smtp(error)
    }
}

/// The exact answer, and not just a positive one: an answer out of step (RFC
/// 3207, 6) must never be taken for the one that accepts the mail.
pub(super) fn expect(answer: Response, codes: &[u16]) -> Result<(), Failure> {
    let code = u16::from(answer.code());
    if codes.contains(&code) { Ok(()) } else { Err(Failure::OutOfStep(code)) }
}

/// Of a mail that was handed over without an answer.
pub(super) fn unconfirmed(why: &str) -> MailError {
    MailError::Unconfirmed(format!("{}: {why}; it may have been taken", Step::Content))
}

/// What the server said after the code.
fn text(error: &lettre_smtp::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

impl Failure {
    /// Of the mail itself: only a refusal says that it was not taken.
    pub(super) fn of_content(self) -> MailError {
        match self {
            Self::Smtp(error) if error.status().is_none() => {
                unconfirmed(&reply(&error.to_string()))
            }
            Self::OutOfStep(code) => unconfirmed(&format!("unexpected answer {code}")),
            refused => refused.at(Step::Content),
        }
    }

    /// Of everything before.
    pub(super) fn at(self, step: Step) -> MailError {
        let set_up = |why: &str| MailError::SetUp(format!("{step}: {why}"));
        let temporary = |why: &str| MailError::Temporary(format!("{step}: {why}"));
        match self {
            Self::SetUp(why) => set_up(&why),
            Self::NoStartTls => set_up(
                "the mail server offers no TLS, which mail.url requires; nothing was sent to it",
            ),
            Self::NoSuchSender => set_up(
                "mail.from has letters beyond ASCII, and the mail server takes no such address \
                 (SMTPUTF8)",
            ),
            Self::NoSuchRecipients => MailError::Permanent(format!(
                "{step}: the recipient's address has letters beyond ASCII, and the mail server takes \
                 no such address (SMTPUTF8)"
            )),
            Self::Unreachable(error) => temporary(&reply(&error.to_string())),
            Self::OutOfStep(code) => temporary(&format!("unexpected answer {code}")),
            Self::Smtp(error) => of_smtp(&error, step),
        }
    }
}

fn of_smtp(error: &lettre_smtp::Error, step: Step) -> MailError {
    let shown = format!("{step}: {}", reply(&error.to_string()));
    let Some(code) = error.status().map(u16::from) else {
        return if is_certificate(error) {
            MailError::SetUp(shown)
        } else {
            MailError::Temporary(shown)
        };
    };
    let shown = match step {
        // What is answered to credentials could quote them.
        Step::SignIn => {
            format!("{step}: the user name, password or token of mail.url was refused ({code})")
        }
        _ => shown,
    };
    match fault(step, code, &text(error)) {
        Fault::Mail => MailError::Permanent(shown),
        Fault::SetUp => MailError::SetUp(shown),
        Fault::Passing => MailError::Temporary(shown),
    }
}

/// A certificate that is not trusted is the operator's matter; a connection that
/// broke during the handshake is not.
fn is_certificate(error: &lettre_smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().contains("certificate") {
            return true;
        }
        cause = error.source();
    }
    false
}
