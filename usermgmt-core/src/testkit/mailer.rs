//! A mailer that keeps what it is given.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::mail::{MailError, MailKind, Mailer, Message, Unreachable};
use crate::model::identifier::Email;

/// Keeps the mails that it is given to send. Clones share one mailbox.
#[derive(Clone, Debug, Default)]
pub struct CapturingMailer {
    mailbox: Arc<Mutex<Mailbox>>,
}

#[derive(Debug, Default)]
struct Mailbox {
    sent: Vec<Message>,
    failures: Vec<MailError>,
    broken: Option<MailError>,
    tries: usize,
    ascii_only: bool,
}

impl CapturingMailer {
    /// What was sent and not taken yet, in the order of sending.
    pub fn sent(&self) -> Vec<Message> {
        self.mailbox().sent.clone()
    }

    /// Takes what was sent.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.mailbox().sent)
    }

    /// The last mail of that kind to that address (as it is written in the header).
    pub fn last(&self, kind: MailKind, recipient: &str) -> Option<Message> {
        let mailbox = self.mailbox();
        let mut matching =
            mailbox.sent.iter().filter(|m| m.kind == kind && m.recipient.as_str() == recipient);
        matching.next_back().cloned()
    }

    /// How often it was asked to send, failures included.
    pub fn tries(&self) -> usize {
        self.mailbox().tries
    }

    /// Fails the next mails, one for each error.
    pub fn fail_next(&self, errors: impl IntoIterator<Item = MailError>) {
        self.mailbox().failures = errors.into_iter().collect();
    }

    /// Fails every mail with this error, until told otherwise by `None`.
    pub fn fail_always(&self, error: Option<MailError>) {
        self.mailbox().broken = error;
    }

    /// From now on it reaches no address with letters beyond ASCII.
    pub fn reach_ascii_only(&self) {
        self.mailbox().ascii_only = true;
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        // A test that panicked elsewhere is no reason to hide what was sent.
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for CapturingMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mut mailbox = self.mailbox();
        mailbox.tries += 1;
        if !mailbox.failures.is_empty() {
            return Err(mailbox.failures.remove(0));
        }
        if let Some(error) = &mailbox.broken {
            return Err(error.clone());
        }
        mailbox.sent.push(message.clone());
        Ok(())
    }

    async fn check_reach(&self, address: &Email) -> Result<(), Unreachable> {
        if self.mailbox().ascii_only && !address.as_str().is_ascii() {
            return Err(Unreachable { reason: "it has letters beyond ASCII" });
        }
        Ok(())
    }
}
