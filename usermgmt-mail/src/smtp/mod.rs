//! Mail over SMTP submission (RFC 6409), by STARTTLS (RFC 3207) or implicit TLS (RFC 8314).

mod failure;
mod server;
mod sign_in;
mod status;
mod step;
mod turns;
mod url;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message as Mail};
use tokio::time::timeout;
use usermgmt_core::mail::{MailError, Mailer, Message, Unreachable};
use usermgmt_core::model::identifier::Email;

use self::failure::{Failure, expect, unconfirmed};
use self::server::Server;
use self::step::Step;
pub(crate) use self::url::{Security, SmtpUrl};
use crate::compose::{Composer, Transfer};
use crate::reach::{ASCII_ONLY, is_ascii_local};

/// Connections kept for the next mails: as many as the outbox's worker uses at once.
const IDLE_MAX: usize = 16;

/// How long an idle connection has to show that it is alive. What lies in between
/// may have forgotten it without a word; a mail must not wait for that.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long somebody waits who typed an address that not every server takes.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends mails through an SMTP server.
///
/// A server that does not offer what the URL asks for gets neither credentials
/// nor mail. Refusals of the recipient or the content are permanent; those of
/// whoever sends are the operator's matter ([`MailError::SetUp`]).
///
/// The library's own pool is not used: where a send is given up halfway, it
/// would hand the connection, mid-mail, to the next one.
pub struct SmtpMailer {
    composer: Composer,
    server: Server,
    timeout: Duration,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
    /// Whether the server takes letters beyond ASCII, as it last said.
    smtputf8: Mutex<Option<bool>>,
}

impl SmtpMailer {
    /// Sends what `composer` makes through the server of `url`. Connects when
    /// there is something to send.
    ///
    /// # Errors
    /// Where `roots`, certificates to trust besides the public ones (PEM), are none.
    pub(crate) fn new(
        url: SmtpUrl,
        roots: Option<&[u8]>,
        timeout: Duration,
        composer: Composer,
    ) -> Result<Self, String> {
        let hello = ClientId::Domain(composer.sender_domain().to_owned());
        let server = Server::new(url, roots, hello)?;
        Ok(Self { composer, server, timeout, idle: Mutex::default(), smtputf8: Mutex::default() })
    }

    /// Everything up to the point where the server wants the mail, and the mail
    /// as it is to travel.
    async fn offer(
        &self,
        message: &Message,
        step: &mut Step,
    ) -> Result<(AsyncSmtpConnection, Vec<u8>), Offer> {
        // A mail that cannot be composed needs no connection.
        let mut mail = self.composer.compose_for(message, Transfer::EightBit)?;
        let mut connection = self.connection(step).await?;
        *step = Step::Sender;
        let mut bytes = mail.formatted();
        if !bytes.is_ascii() && !connection.server_info().supports_feature(Extension::EightBitMime)
        {
            mail = self.composer.compose_for(message, Transfer::SevenBit)?;
            bytes = mail.formatted();
        }
        let parameters = parameters(&connection, &mail, !bytes.is_ascii())?;
        let envelope = mail.envelope();
        let from = MailFrom::new(envelope.from().cloned(), parameters);
        expect(connection.command(from).await.map_err(Failure::from)?, &[250])?;
        *step = Step::Recipient;
        for to in envelope.to() {
            let to = Rcpt::new(to.clone(), Vec::new());
            let answer = connection.command(to).await.map_err(Failure::from)?;
            expect(answer, &[250, 251, 252])?;
        }
        *step = Step::Content;
        expect(connection.command(Data).await.map_err(Failure::from)?, &[354])?;
        Ok((connection, bytes))
    }

    /// The mail itself. From here on, what is not a refusal may be a receipt
    /// that was lost.
    async fn hand_over(
        &self,
        mail: &[u8],
        mut connection: AsyncSmtpConnection,
    ) -> Result<(), Failure> {
        expect(connection.message(mail).await?, &[250])?;
        // Only a connection that is between mails is kept; every other way out
        // of this function closes it.
        self.keep(connection);
        Ok(())
    }

    async fn connection(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Failure> {
        let idle = self.idle().pop();
        if let Some(mut connection) = idle {
            let alive = timeout(ALIVE_TIMEOUT, connection.test_connected()).await;
            if alive == Ok(true) {
                return Ok(connection);
            }
            // The others have been idle for longer, or nearly all of them.
            self.idle().clear();
        }
        let connection = self.server.connect(step).await?;
        *self.smtputf8() = Some(connection.server_info().supports_feature(Extension::SmtpUtfEight));
        Ok(connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }

    fn smtputf8(&self) -> MutexGuard<'_, Option<bool>> {
        self.smtputf8.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mut step = Step::Connect;
        let offered = timeout(self.timeout, self.offer(message, &mut step)).await;
        let (connection, mail) = match offered {
            Ok(Ok(offered)) => offered,
            Ok(Err(Offer::Compose(error))) => return Err(error),
            Ok(Err(Offer::Server(failure))) => return Err(failure.at(step)),
            Err(_) => {
                return Err(MailError::Temporary(format!(
                    "{step}: the mail server took longer than {:?}",
                    self.timeout
                )));
            }
        };
        // Giving up on a receipt costs the recipient a second copy: it has as
        // long again, however late it is by now (RFC 5321, 4.5.3.2.6).
        match timeout(self.timeout, self.hand_over(&mail, connection)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(failure.of_content()),
            Err(_) => Err(unconfirmed(&format!("no answer in {:?}", self.timeout))),
        }
    }

    async fn check(&self) -> Result<Vec<String>, MailError> {
        let mut step = Step::Connect;
        match timeout(self.timeout, self.connection(&mut step)).await {
            Ok(Ok(connection)) => {
                self.keep(connection);
                Ok(Vec::new())
            }
            Ok(Err(failure)) => Err(failure.at(step)),
            Err(_) => Err(MailError::Temporary(format!(
                "{step}: the mail server took longer than {:?}",
                self.timeout
            ))),
        }
    }

    /// Asks a server that was not met yet. One that does not answer may take the
    /// address, and the mail waits for it like any other.
    async fn check_reach(&self, address: &Email) -> Result<(), Unreachable> {
        if is_ascii_local(address) {
            return Ok(());
        }
        let known = *self.smtputf8();
        if known.is_none() {
            let asked = timeout(ASK_TIMEOUT, self.connection(&mut Step::Connect)).await;
            if let Ok(Ok(connection)) = asked {
                self.keep(connection);
            }
        }
        if *self.smtputf8() == Some(false) { Err(ASCII_ONLY) } else { Ok(()) }
    }

    /// The same turns with the server, of which none names anybody.
    async fn rehearse(&self, message: &Message) {
        let turns = async {
            let mail = self.composer.compose_for(message, Transfer::EightBit).ok()?;
            let mut connection = self.connection(&mut Step::Connect).await.ok()?;
            for _ in ["MAIL", "RCPT", "DATA", "the mail"] {
                connection.command(Noop).await.ok()?;
            }
            drop(mail.formatted());
            self.keep(connection);
            Some(())
        };
        let _ = timeout(self.timeout, turns).await;
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("host", &self.server.host)
            .field("port", &self.server.port)
            .field("security", &self.server.security)
            .finish_non_exhaustive()
    }
}

/// Why a mail did not get as far as being wanted.
enum Offer {
    Compose(MailError),
    Server(Failure),
}

impl From<MailError> for Offer {
    fn from(error: MailError) -> Self {
        Self::Compose(error)
    }
}

impl From<Failure> for Offer {
    fn from(failure: Failure) -> Self {
        Self::Server(failure)
    }
}

/// What the mail and its addresses need of the server (RFC 6152; RFC 6531, 3.4).
fn parameters(
    connection: &AsyncSmtpConnection,
    mail: &Mail,
    is_eight_bit: bool,
) -> Result<Vec<MailParameter>, Failure> {
    let envelope = mail.envelope();
    let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let (from, to) = (envelope.from().is_none_or(ascii), envelope.to().iter().all(ascii));
    let body = MailParameter::Body(MailBodyParameter::EightBitMime);
    if from && to {
        return Ok(if is_eight_bit { vec![body] } else { Vec::new() });
    }
    if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        // With a sender that no mail can leave from, nothing is said of this one.
        return Err(if from { Failure::NoSuchRecipients } else { Failure::NoSuchSender });
    }
    Ok(vec![MailParameter::SmtpUtfEight, body])
}
