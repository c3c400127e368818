//! Mail through Amazon SES (API v2), as raw messages so that headers stay ours.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{Credentials, Region};
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use usermgmt_core::mail::{MailError, Mailer, Message, Unreachable};
use usermgmt_core::model::identifier::Email;

use crate::compose::Composer;
use crate::reach::{ASCII_ONLY, is_ascii_local};
use crate::reply::reply;
use crate::ses_url::{SesUrl, check_endpoint};

/// Sends mails through Amazon SES.
///
/// SES puts its own Message-ID in place of ours; the header
/// `X-Usermgmt-Mail-Id` is the same in every repetition of a mail. Retries are
/// the outbox's, so the client makes none.
#[derive(Clone)]
pub struct SesMailer {
    composer: Composer,
    client: Client,
    configuration_set: Option<String>,
}

impl SesMailer {
    /// Sends what `composer` makes. Without credentials in the URL they come
    /// from the standard chain: environment, profile, web identity, container
    /// or instance.
    pub(crate) async fn new(
        url: SesUrl,
        timeout: Duration,
        composer: Composer,
    ) -> Result<Self, String> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_timeout(timeout)
            .build();
        let mut settings = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(url.region))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        if let Some(endpoint) = url.endpoint {
            settings = settings.endpoint_url(endpoint);
        }
        if let Some((key, secret)) = url.credentials {
            let secret = secret.expose().clone();
            let given = Credentials::new(key, secret, None, None, "mail.url");
            settings = settings.credentials_provider(given);
        }
        let settings = settings.load().await;
        // The environment and the profile may name one too.
        let of_this_service = std::env::var("AWS_ENDPOINT_URL_SESV2").ok();
        for endpoint in settings.endpoint_url().into_iter().chain(of_this_service.as_deref()) {
            check_endpoint(endpoint)?;
        }
        check_credentials(&settings).await?;
        Ok(Self {
            composer,
            client: Client::new(&settings),
            configuration_set: url.configuration_set,
        })
    }
}

impl fmt::Debug for SesMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SesMailer")
            .field("region", &self.client.config().region())
            .field("configuration_set", &self.configuration_set)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = self.composer.compose(message)?;
        let raw = RawMessage::builder()
            .data(Blob::new(mail.formatted()))
            .build()
            .map_err(|e| MailError::Permanent(e.to_string()))?;
        let envelope = mail.envelope();
        let to = envelope.to().iter().map(ToString::to_string).collect();
        self.client
            .send_email()
            .set_from_email_address(envelope.from().map(ToString::to_string))
            .destination(Destination::builder().set_to_addresses(Some(to)).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| failure(&error))
    }

    /// Asks about the account and the sender. Whoever may only send, which is all that
    /// sending takes, is told what was not looked at.
    async fn check(&self) -> Result<Vec<String>, MailError> {
        let mut limits = self.account().await?;
        limits.extend(self.sender().await?);
        Ok(limits)
    }

    /// Without the letters of RFC 6531: SES takes none before the `@`.
    async fn check_reach(&self, address: &Email) -> Result<(), Unreachable> {
        if is_ascii_local(address) { Ok(()) } else { Err(ASCII_ONLY) }
    }

    /// All but the request: there is none that sends nothing.
    async fn rehearse(&self, message: &Message) {
        let _ = self.composer.compose(message).map(|mail| mail.formatted());
    }
}

/// What a request is called that is asked about the account, and what it is for.
struct Question(&'static str, &'static str);

const ACCOUNT: Question = Question("GetAccount", "whether the account may send");
const IDENTITY: Question = Question("GetEmailIdentity", "whether the sender is verified");

impl Question {
    /// What its failure means for mail, which may leave all the same where it is only
    /// not allowed to ask.
    fn failed<E>(&self, error: &SdkError<E>) -> Result<Vec<String>, MailError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(answer) = error.as_service_error() else {
            return Err(MailError::Temporary(unanswered(error)));
        };
        let code = answer.code().unwrap_or("unknown error");
        let Self(name, purpose) = self;
        match code {
            "AccessDeniedException" | "AccessDenied" => {
                Ok(vec![format!("SES does not tell {purpose}: allow ses:{name} for that")])
            }
            _ => {
                let why = reply(answer.message().unwrap_or_default());
                let text = format!("SES: {name}: {code}: {why}");
                Err(match is_of_credentials(code) {
                    true => MailError::SetUp(text),
                    false => MailError::Temporary(text),
                })
            }
        }
    }
}

impl SesMailer {
    async fn account(&self) -> Result<Vec<String>, MailError> {
        let account = match self.client.get_account().send().await {
            Ok(account) => account,
            Err(error) => return ACCOUNT.failed(&error),
        };
        if !account.sending_enabled() {
            let status = account.enforcement_status().unwrap_or("unknown");
            return Err(MailError::SetUp(format!(
                "SES: sending is off for the account in this region (its status is {status}): see \
                 the account dashboard of SES"
            )));
        }
        Ok(match account.production_access_enabled() {
            true => vec![],
            false => vec![
                "the account is in SES's sandbox, which sends to verified addresses alone: ask \
                 AWS for production access"
                    .to_owned(),
            ],
        })
    }

    /// The address may be verified, or its domain.
    async fn sender(&self) -> Result<Vec<String>, MailError> {
        let sender = self.composer.sender();
        for identity in [sender.as_ref(), sender.domain()] {
            let asked = self.client.get_email_identity().email_identity(identity).send().await;
            match asked {
                Ok(found) if found.verified_for_sending_status() => return Ok(vec![]),
                Ok(_) => {}
                Err(error)
                    if error.as_service_error().is_some_and(|e| e.is_not_found_exception()) => {}
                Err(error) => return IDENTITY.failed(&error),
            }
        }
        Err(MailError::SetUp(
            "SES: neither the address of mail.from nor its domain is verified in this region: \
             verify one of them in SES, or set another sender"
                .to_owned(),
        ))
    }
}

/// Asked once at the start: without credentials no mail would ever leave.
async fn check_credentials(settings: &aws_config::SdkConfig) -> Result<(), String> {
    let provider = settings.credentials_provider().ok_or("has no credentials")?;
    provider.provide_credentials().await.map(drop).map_err(|error| {
        let why = reply(&chain(&error));
        format!(
            "has no credentials, and none come from the environment, a profile, \
             the container or the instance: {why}"
        )
    })
}

/// An error with its causes: the outer ones say little here.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// What every AWS service answers to a key that is wrong, unknown or not allowed
/// to do this.
fn is_of_credentials(code: &str) -> bool {
    matches!(
        code,
        "AccessDeniedException"
            | "AccessDenied"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException"
            | "OptInRequired"
    )
}

/// Why there was no answer.
fn unanswered(error: &dyn Error) -> String {
    format!("SES: {}", reply(&chain(error)))
}

fn failure(error: &SdkError<SendEmailError>) -> MailError {
    let Some(answer) = error.as_service_error() else {
        let why = unanswered(error);
        // Without an answer to a request that was made, SES may have taken the mail.
        let asked = match error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_other(),
            _ => false,
        };
        return if asked { MailError::Unconfirmed(why) } else { MailError::Temporary(why) };
    };
    let code = answer.code().unwrap_or("unknown error");
    let why = answer.message().unwrap_or_default();
    let text = format!("SES: {code}: {}", reply(why));
    match answer {
        // An identity that is not verified is the operator's to verify; every
        // other rejection is of this mail.
        SendEmailError::MessageRejected(_) if why.contains("not verified") => {
            MailError::SetUp(text)
        }
        SendEmailError::BadRequestException(_) | SendEmailError::MessageRejected(_) => {
            MailError::Permanent(text)
        }
        SendEmailError::AccountSuspendedException(_)
        | SendEmailError::MailFromDomainNotVerifiedException(_)
        | SendEmailError::SendingPausedException(_)
        | SendEmailError::NotFoundException(_) => MailError::SetUp(text),
        _ if is_of_credentials(code) => MailError::SetUp(text),
        _ => MailError::Temporary(text),
    }
}
