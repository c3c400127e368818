//! A mailer for development that prints.

use async_trait::async_trait;
use usermgmt_core::mail::{MailError, Mailer, Message};

use crate::compose::Composer;

/// Prints each mail's text part to the log instead of sending it. For
/// development only: whoever reads the log reads every link and code.
#[derive(Clone, Debug)]
pub struct ConsoleMailer {
    composer: Composer,
}

impl ConsoleMailer {
    /// Prints what `composer` makes.
    pub fn new(composer: Composer) -> Self {
        tracing::warn!("mails are printed to the log and not sent: for development only");
        Self { composer }
    }
}

#[async_trait]
impl Mailer for ConsoleMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = self.composer.render(message)?;
        tracing::info!(
            "development mailer: not sent, printed\nTo: {}\nSubject: {}\n\n{}",
            message.recipient,
            mail.subject,
            mail.text
        );
        Ok(())
    }

    async fn rehearse(&self, message: &Message) {
        let _ = self.composer.render(message);
    }
}
