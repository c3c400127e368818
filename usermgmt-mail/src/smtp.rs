//! Mail over SMTP submission (RFC 6409), by STARTTLS (RFC 3207) or implicit TLS (RFC 8314).

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use lettre::transport::smtp::{self as lettre_smtp};
use lettre::{Address, Message as Mail};
use tokio::time::timeout;
use usermgmt_core::mail::{MailError, Mailer, Message};

use crate::compose::Composer;
use crate::reply::reply;
use crate::smtp_status::may_pass;
use crate::smtp_turns::TurnStream;
use crate::smtp_url::{Security, SmtpUrl};

/// Connections kept for the next mails: as many as the outbox's worker uses at once.
const IDLE_MAX: usize = 16;

/// How long an idle connection has to show that it is alive. What lies in between
/// may have forgotten it without a word; a mail must not wait for that.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long reaching one of a server's addresses may take, so that one where
/// nothing answers (IPv6 that leads nowhere) leaves time for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends mails through an SMTP server.
///
/// A server that does not offer what the URL asks for gets neither credentials
/// nor mail. Refusals of the recipient or the content are permanent; whatever
/// happens before that is the operator's or the server's matter, and temporary.
///
/// The library's own pool is not used: where a send is given up halfway, it
/// would hand the connection, mid-mail, to the next one.
pub struct SmtpMailer {
    composer: Composer,
    server: Server,
    timeout: Duration,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
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
        let tls = match url.security {
            Security::Implicit | Security::StartTls => Some(tls(&url.host, roots)?),
            Security::None => None,
        };
        let hello = ClientId::Domain(composer.sender_domain().to_owned());
        let credentials = url
            .credentials
            .map(|(user, password)| Credentials::new(user, password.expose().clone()));
        Ok(Self {
            composer,
            server: Server {
                host: url.host,
                port: url.port,
                security: url.security,
                tls,
                hello,
                credentials,
            },
            timeout,
            idle: Mutex::default(),
        })
    }

    /// Everything up to the point where the server wants the mail.
    async fn offer(&self, mail: &Mail, step: &mut Step) -> Result<AsyncSmtpConnection, Failure> {
        let mut connection = self.connection(step).await?;
        *step = Step::Sender;
        let parameters = parameters(&connection, mail)?;
        let envelope = mail.envelope();
        let from = MailFrom::new(envelope.from().cloned(), parameters);
        expect(connection.command(from).await?, &[250])?;
        *step = Step::Recipient;
        for to in envelope.to() {
            let to = Rcpt::new(to.clone(), Vec::new());
            expect(connection.command(to).await?, &[250, 251, 252])?;
        }
        *step = Step::Content;
        expect(connection.command(Data).await?, &[354])?;
        Ok(connection)
    }

    /// The mail itself. From here on, what is not a refusal may be a receipt
    /// that was lost.
    async fn hand_over(
        &self,
        mail: &Mail,
        mut connection: AsyncSmtpConnection,
    ) -> Result<(), Failure> {
        expect(connection.message(&mail.formatted()).await?, &[250])?;
        // Only a connection that is between mails is kept; every other way out
        // of this function closes it.
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
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
        self.server.connect(step).await
    }

    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = self.composer.compose(message)?;
        let mut step = Step::Connect;
        let connection = match timeout(self.timeout, self.offer(&mail, &mut step)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(failure)) => return Err(failure.at(step)),
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

struct Server {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    hello: ClientId,
    credentials: Option<Credentials>,
}

impl Server {
    async fn connect(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Failure> {
        *step = Step::Connect;
        let server = (self.host.as_str(), self.port);
        let mut connection = if self.security == Security::StartTls {
            let stream = TurnStream::connect(server, CONNECT_TIMEOUT).await?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await?
        } else {
            // None where it is not to be encrypted at all.
            let tls = self.tls.clone();
            let each = Some(CONNECT_TIMEOUT);
            AsyncSmtpConnection::connect_tokio1(server, each, &self.hello, tls, None).await?
        };
        if self.security == Security::StartTls {
            *step = Step::StartTls;
            let tls = self.tls.clone().ok_or(Failure::NoStartTls)?;
            if !connection.can_starttls() {
                return Err(Failure::NoStartTls);
            }
            connection.starttls(tls, &self.hello).await?;
        }
        if self.security != Security::None && !connection.is_encrypted() {
            return Err(Failure::NoStartTls);
        }
        if let Some(credentials) = &self.credentials {
            *step = Step::SignIn;
            let answer = connection.auth(DEFAULT_MECHANISMS, credentials).await?;
            expect(answer, &[235])?;
        }
        Ok(connection)
    }
}

fn tls(host: &str, roots: Option<&[u8]>) -> Result<TlsParameters, String> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(pem) = roots {
        let none = || "has no certificate in PEM form that can be read".to_owned();
        if !pem.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN) {
            return Err(none());
        }
        tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(|_| none())?);
    }
    tls.build().map_err(|e| e.to_string())
}

/// The library takes a file without any certificate for one.
const PEM_BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What the addresses need of the server (RFC 6531, 3.4).
fn parameters(
    connection: &AsyncSmtpConnection,
    mail: &Mail,
) -> Result<Vec<MailParameter>, Failure> {
    let envelope = mail.envelope();
    let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let (from, to) = (envelope.from().is_none_or(ascii), envelope.to().iter().all(ascii));
    if from && to {
        return Ok(Vec::new());
    }
    if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        // With a sender that no mail can leave from, nothing is said of this one.
        return Err(if from { Failure::NoSuchRecipients } else { Failure::NoSuchSender });
    }
    Ok(vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)])
}

/// The exact answer, and not just a positive one: an answer out of step (RFC
/// 3207, 6) must never be taken for the one that accepts the mail.
fn expect(answer: Response, codes: &[u16]) -> Result<(), Failure> {
    let code = u16::from(answer.code());
    if codes.contains(&code) { Ok(()) } else { Err(Failure::OutOfStep(code)) }
}

/// How far a mail got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
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

enum Failure {
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

/// What the server said after the code.
fn text(error: &lettre_smtp::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

fn unconfirmed(why: &str) -> MailError {
    MailError::Unconfirmed(format!("{}: {why}; it may have been taken", Step::Content))
}

impl Failure {
    /// Of the mail itself: only a refusal says that it was not taken.
    fn of_content(self) -> MailError {
        match self {
            Self::Smtp(error) if error.status().is_none() => {
                unconfirmed(&reply(&error.to_string()))
            }
            Self::OutOfStep(code) => unconfirmed(&format!("unexpected answer {code}")),
            refused => refused.at(Step::Content),
        }
    }

    fn at(self, step: Step) -> MailError {
        let temporary = |why: &str| MailError::Temporary(format!("{step}: {why}"));
        match self {
            Self::NoStartTls => temporary(
                "the mail server offers no TLS, which mail.url requires; nothing was sent to it",
            ),
            Self::NoSuchSender => temporary(
                "mail.from has letters beyond ASCII, and the mail server takes no such address \
                 (SMTPUTF8)",
            ),
            Self::NoSuchRecipients => MailError::Permanent(format!(
                "{step}: the recipient's address has letters beyond ASCII, and the mail server takes \
                 no such address (SMTPUTF8)"
            )),
            Self::Unreachable(error) => temporary(&reply(&error.to_string())),
            Self::OutOfStep(code) => temporary(&format!("unexpected answer {code}")),
            Self::Smtp(error) => {
                let code = error.status().map(u16::from);
                match (step, code) {
                    // What is answered to credentials could quote them.
                    (Step::SignIn, Some(code)) => temporary(&format!(
                        "the user name or password in mail.url was refused ({code})"
                    )),
                    (Step::SignIn, None) if error.is_client() => {
                        temporary("the mail server offers no way to sign in that is known here")
                    }
                    // RFC 4954, 6: authentication required or insufficient.
                    (Step::Recipient | Step::Content, Some(code))
                        if code >= 500
                            && !matches!(code, 530 | 534 | 535 | 538)
                            && !may_pass(code, &text(&error)) =>
                    {
                        MailError::Permanent(format!("{step}: {}", reply(&error.to_string())))
                    }
                    _ => temporary(&reply(&error.to_string())),
                }
            }
        }
    }
}
