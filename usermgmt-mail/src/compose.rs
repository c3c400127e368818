//! From a message to the mail as it travels (RFC 5322, multipart/alternative).

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message as Mail};
use usermgmt_core::mail::{MailError, Message};

use crate::templates::{Render, Rendered};

/// A sender that is no mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFrom {
    /// It is neither an address nor a name with one.
    #[error(
        "not a sender: expected an address or a name with one, such as Example <no-reply@example.com>"
    )]
    NotAMailbox,
    /// Its name has a character that stands for something else where it is not
    /// quoted (RFC 5322, 3.2.3).
    #[error(
        "quote the name: it has one of , . : ; @ ( ) [ ] \\ in it, so it is written \"Shop, Inc.\" <no-reply@example.com>"
    )]
    UnquotedName,
}

/// How the body travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// In ASCII whatever it says: quoted-printable where it says more.
    SevenBit,
    /// As it is (RFC 6152), so that no line with a link in it is cut.
    EightBit,
}

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
        let invalid = InvalidFrom::NotAMailbox;
        if from.contains(char::is_control) {
            return Err(invalid);
        }
        let parsed: Mailbox = from.parse().map_err(|_| why_invalid(from))?;
        let domain = idna::domain_to_ascii(parsed.email.domain()).map_err(|_| invalid)?;
        let address = Address::new(parsed.email.user(), domain).map_err(|_| invalid)?;
        Ok(Self { from: Mailbox::new(parsed.name, address), render })
    }

    /// The domain that mails come from, in ASCII.
    #[cfg(feature = "smtp")]
    pub(crate) fn sender_domain(&self) -> &str {
        self.from.email.domain()
    }

    /// The address that mails come from, its domain in ASCII.
    #[cfg(feature = "ses")]
    pub(crate) fn sender(&self) -> &Address {
        &self.from.email
    }

    /// Renders a message, for mailers that show it instead of sending it.
    ///
    /// # Errors
    /// [`MailError::SetUp`] where a template fails: that is for the operator to
    /// mend, and the mail is sent then.
    pub fn render(&self, message: &Message) -> Result<Rendered, MailError> {
        self.render.render(message).map_err(|e| MailError::SetUp(e.to_string()))
    }

    /// The mail, with envelope and body, in ASCII but for an address that is not.
    ///
    /// # Errors
    /// [`MailError::Permanent`] where the recipient's address cannot be sent
    /// to; [`MailError::SetUp`] as for [`Composer::render`].
    pub fn compose(&self, message: &Message) -> Result<Mail, MailError> {
        self.compose_for(message, Transfer::SevenBit)
    }

    /// The same for what takes it in this way.
    pub(crate) fn compose_for(
        &self,
        message: &Message,
        transfer: Transfer,
    ) -> Result<Mail, MailError> {
        let rendered = self.render(message)?;
        let id = &message.id;
        let (text, html) = (body(rendered.text, transfer), body(rendered.html, transfer));
        let mut parts = MultiPart::alternative()
            // Not random, so that a retry is the same mail. Nobody who could put
            // text into the mail knows its id before it is sent.
            .boundary(format!("=_{id}"));
        if [&text, &html].iter().any(|body| body.encoding() == ContentTransferEncoding::EightBit) {
            // RFC 2045, 6.4: what a part has, the whole has.
            parts = parts.header(ContentTransferEncoding::EightBit);
        }
        let parts = parts
            .singlepart(part(ContentType::TEXT_PLAIN, text))
            .singlepart(part(ContentType::TEXT_HTML, html));
        let millis = u64::try_from(message.created_at.as_millis()).unwrap_or(0);
        Mail::builder()
            .from(self.from.clone())
            .to(recipient(message)?)
            .subject(rendered.subject)
            .date(UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            // RFC 3834, 5: nobody's auto-responder answers.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            // The same for Exchange, out-of-office replies and receipts included.
            .raw_header(header("X-Auto-Response-Suppress", "All"))
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

fn part(kind: ContentType, body: Body) -> SinglePart {
    SinglePart::builder().header(kind).body(body)
}

/// RFC 5322, 2.1.1: a line has at most 998 octets. Text that keeps to that
/// travels as it is where it may, so that links stay whole to whoever reads the
/// source; quoted-printable would break lines over 76.
fn body(text: String, transfer: Transfer) -> Body {
    let as_is = text.lines().all(|line| line.len() <= 998);
    let encoding = match transfer {
        _ if !as_is => return Body::new(text),
        _ if text.is_ascii() => ContentTransferEncoding::SevenBit,
        Transfer::EightBit => ContentTransferEncoding::EightBit,
        Transfer::SevenBit => {
            let quoted = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable);
            // It takes any text.
            return quoted.unwrap_or_else(Body::new);
        }
    };
    let lines = text.replace("\r\n", "\n").replace('\n', "\r\n");
    Body::dangerous_pre_encoded(lines.into_bytes(), encoding)
}

/// Whether quotes around the name are all that is missing.
fn why_invalid(from: &str) -> InvalidFrom {
    let quoted = from.rsplit_once('<').is_some_and(|(name, address)| {
        let name = name.trim();
        !name.is_empty()
            && !name.contains(['"', '<', '>'])
            && format!("\"{}\" <{address}", name.replace('\\', "\\\\")).parse::<Mailbox>().is_ok()
    });
    if quoted { InvalidFrom::UnquotedName } else { InvalidFrom::NotAMailbox }
}
