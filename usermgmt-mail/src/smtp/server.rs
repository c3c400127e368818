//! A mail server, and how to get a connection to it that takes mail.

use std::time::Duration;

use lettre::transport::smtp as lettre_smtp;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::failure::Failure;
use super::sign_in::SignIn;
use super::step::Step;
use super::turns::{Greeting, TurnStream};
use super::url::{Security, SmtpUrl};

/// How long reaching one of a server's addresses may take, so that one where
/// nothing answers (IPv6 that leads nowhere) leaves time for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The library takes a file without any certificate for one.
const PEM_BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    tls: Option<TlsParameters>,
    hello: ClientId,
    sign_in: Option<SignIn>,
}

impl Server {
    /// # Errors
    /// Where `roots`, certificates to trust besides the public ones (PEM), are none.
    pub(super) fn new(url: SmtpUrl, roots: Option<&[u8]>, hello: ClientId) -> Result<Self, String> {
        let tls = match url.security {
            Security::Implicit | Security::StartTls => {
                Some(tls(url.tls_server_name.as_ref().unwrap_or(&url.host), roots)?)
            }
            Security::None => None,
        };
        Ok(Self {
            host: url.host,
            port: url.port,
            security: url.security,
            tls,
            hello,
            sign_in: url.sign_in,
        })
    }

    /// A connection that is protected as it has to be, and signed in.
    pub(super) async fn connect(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Failure> {
        *step = Step::Connect;
        let mut connection = match self.security {
            Security::StartTls => self.connect_in_clear(Greeting::Ehlo).await?,
            Security::Implicit => {
                let server = (self.host.as_str(), self.port);
                let (each, tls) = (Some(CONNECT_TIMEOUT), self.tls.clone());
                AsyncSmtpConnection::connect_tokio1(server, each, &self.hello, tls, None).await?
            }
            Security::None => match self.connect_in_clear(Greeting::Ehlo).await {
                // RFC 5321, 4.1.1.1: what knows no EHLO knows HELO, and offers
                // nothing beyond it.
                Err(Failure::Smtp(error)) if knows_no_ehlo(&error) && self.sign_in.is_none() => {
                    self.connect_in_clear(Greeting::Helo).await?
                }
                connection => connection?,
            },
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
        if let Some(sign_in) = &self.sign_in {
            *step = Step::SignIn;
            sign_in.to(&mut connection, &self.hello).await?;
        }
        Ok(connection)
    }

    async fn connect_in_clear(&self, greeting: Greeting) -> Result<AsyncSmtpConnection, Failure> {
        let server = (self.host.as_str(), self.port);
        let stream = TurnStream::connect(server, CONNECT_TIMEOUT, greeting).await?;
        Ok(AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await?)
    }
}

/// RFC 5321, 4.2.4: the command is not known, or not implemented.
fn knows_no_ehlo(error: &lettre_smtp::Error) -> bool {
    error.status().is_some_and(|code| matches!(u16::from(code), 500 | 502 | 504))
}

fn tls(name: &str, roots: Option<&[u8]>) -> Result<TlsParameters, String> {
    let mut tls = TlsParameters::builder(name.to_owned());
    if let Some(pem) = roots {
        let none = || "has no certificate in PEM form that can be read".to_owned();
        if !pem.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN) {
            return Err(none());
        }
        tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(|_| none())?);
    }
    tls.build().map_err(|e| e.to_string())
}
