//! From a message to the mail as it travels (RFC 5322, multipart/alternative).

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message as Mail};
use usermgmt_core::mail::{MailError, Message};

use crate::templates::{Render, Rendered};

/// A sender that is no mailbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a sender: expected an address or a name with one, such as Example <no-reply@example.com>"
)]
pub struct InvalidFrom;

/// Makes mails that are the same however often they are made from a message: a
/// repetition has the same Message-ID and Date, so that duplicates collapse.
#[derive(Clone, Debug)]
pub struct Composer {
    from: Mailbox,
    render: Arc<dyn Render>,
}

impl Composer {
    /// Mails from `from` (`no-reply@example.com` or `Example
    /// <no-reply@example.com>`), as `render` writes them.
    ///
    /// # Errors
    /// [`InvalidFrom`] where `from` is not one mailbox.
    pub fn new(from: &str, render: Arc<dyn Render>) -> Result<Self, InvalidFrom> {
        if from.contains(char::is_control) {
            return Err(InvalidFrom);
        }
        let parsed: Mailbox = from.parse().map_err(|_| InvalidFrom)?;
        let domain = idna::domain_to_ascii(parsed.email.domain()).map_err(|_| InvalidFrom)?;
        let address = Address::new(parsed.email.user(), domain).map_err(|_| InvalidFrom)?;
        Ok(Self { from: Mailbox::new(parsed.name, address), render })
    }

    /// The domain that mails come from, in ASCII.
    #[cfg(feature = "smtp")]
    pub(crate) fn sender_domain(&self) -> &str {
        self.from.email.domain()
    }

    /// Renders a message, for mailers that show it instead of sending it.
    ///
    /// # Errors
    /// [`MailError::Temporary`] where a template fails: that is for the
    /// operator to mend, and the mail is sent then.
    pub fn render(&self, message: &Message) -> Result<Rendered, MailError> {
        self.render.render(message).map_err(|e| MailError::Temporary(e.to_string()))
    }

    /// The mail, with envelope and body.
    ///
    /// # Errors
    /// [`MailError::Permanent`] where the recipient's address cannot be sent
    /// to; [`MailError::Temporary`] as for [`Composer::render`].
    pub fn compose(&self, message: &Message) -> Result<Mail, MailError> {
        let rendered = self.render(message)?;
        let id = &message.id;
        let parts = MultiPart::alternative()
            // Not random, so that a retry is the same mail. Nobody who could put
            // text into the mail knows its id before it is sent.
            .boundary(format!("=_{id}"))
            .singlepart(part(ContentType::TEXT_PLAIN, rendered.text))
            .singlepart(part(ContentType::TEXT_HTML, rendered.html));
        let millis = u64::try_from(message.created_at.as_millis()).unwrap_or(0);
        Mail::builder()
            .from(self.from.clone())
            .to(recipient(message)?)
            .subject(rendered.subject)
            .date(UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            // RFC 3834, 5: nobody's auto-responder answers.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            // Some services put their own Message-ID in place of ours.
            .raw_header(header("X-Usermgmt-Mail-Id", id.as_str()))
            .multipart(parts)
            .map_err(|e| MailError::Permanent(format!("the mail cannot be built: {e}")))
    }
}

/// The local part as its owner writes it, the domain in ASCII (RFC 5891).
fn recipient(message: &Message) -> Result<Mailbox, MailError> {
    let (shown, canonical) = (message.recipient.as_str(), message.recipient.canonical());
    let address = shown
        .rsplit_once('@')
        .zip(canonical.rsplit_once('@'))
        .and_then(|((local, _), (_, domain))| Address::new(local, domain).ok())
        .ok_or_else(|| MailError::Permanent("the recipient's address is not valid".into()))?;
    Ok(Mailbox::new(None, address))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn part(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder().header(kind).body(body(text))
}

/// RFC 5322, 2.1.1: a line has at most 998 characters. Text that keeps to that
/// and to ASCII travels as it is, so that links stay whole to whoever reads the
/// source; the library would break lines over 76 already.
fn body(text: String) -> Body {
    let plain = text.is_ascii() && text.lines().all(|line| line.len() <= 998);
    if plain {
        let lines = text.replace("\r\n", "\n").replace('\n', "\r\n");
        Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}
