//! From the operator's settings to a mailer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::mail::Mailer;
use usermgmt_core::secret::Redacted;

use crate::compose::Composer;
use crate::console::ConsoleMailer;
use crate::dev::DevMailbox;
use crate::templates::{Render, Templates};

/// How mail leaves, as an operator sets it. Change what [`MailSettings::new`] has made
/// instead of writing it out: there will be more.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Where to, `mail.url`:
    /// - `dev:` into a folder, see [`DevMailbox`];
    /// - `console:` into the log, see [`ConsoleMailer`];
    /// - `smtp://user:password@host:587`, with STARTTLS, or `smtps://…` with
    ///   TLS from the start (feature `smtp`). A server without TLS gets neither
    ///   credentials nor mail. `?tls=none` is for a server on this machine;
    ///   `?tls=dangerous-none` sends in clear to any; `tls_server_name=` is the
    ///   name in the certificate where it is not the host's;
    ///   `smtp://user@host?auth=xoauth2&token_file=…` (or `token_command=…`)
    ///   signs in by a token;
    /// - `ses://region` or `ses://key:secret@region`, with the options
    ///   `endpoint` and `configuration_set` (feature `ses`). Without a key the
    ///   credentials come from the environment, a profile, a web identity, the
    ///   container or the instance.
    pub url: Redacted<String>,
    /// The sender, `mail.from`: `no-reply@example.com` or `Example <no-reply@example.com>`.
    pub from: String,
    /// PEM file with certificates to trust besides the public ones, `mail.ca_file`.
    pub ca_file: Option<PathBuf>,
    /// Folder with templates in place of the shipped ones, `mail.templates`.
    pub templates: Option<PathBuf>,
    /// Where `dev:` puts its files.
    pub dev_folder: PathBuf,
    /// How long SES may take for one mail, and an SMTP server up to the point
    /// where it wants the mail; for the mail itself and its receipt it has as
    /// long again. The outbox's worker gives up after 40 seconds; with less than
    /// that in all the log says at which step it hung.
    pub timeout: Duration,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
#[non_exhaustive]
pub struct SettingError {
    /// Its name, such as `mail.url`.
    pub setting: &'static str,
    /// What is wrong with it. Never quotes a password.
    pub reason: String,
}

/// What the settings came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// For the outbox.
    pub mailer: Arc<dyn Mailer>,
    /// The same, where it is the development mailbox: to be shown.
    pub dev_mailbox: Option<DevMailbox>,
    /// Whether it is for development only: it shows every link and code to
    /// whoever can read its folder or the log.
    pub development: bool,
}

impl MailSettings {
    /// These two, and everything else as it is where it is not set: no further
    /// trust roots, the shipped templates, `mail` in the current folder for
    /// `dev:`, and 18 seconds.
    pub fn new(url: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            url: Redacted::new(url.into()),
            from: from.into(),
            ca_file: None,
            templates: None,
            dev_folder: PathBuf::from("mail"),
            timeout: Duration::from_secs(18),
        }
    }

    /// The mailer, writing with the shipped templates and those of the folder.
    ///
    /// # Errors
    /// [`SettingError`] names a setting that cannot work.
    pub async fn build(&self) -> Result<Outgoing, SettingError> {
        let templates = match &self.templates {
            Some(folder) => Templates::with_overrides(folder),
            None => Templates::built_in(),
        };
        let templates = templates.map_err(|e| refused("mail.templates", e))?;
        self.build_with(Arc::new(templates)).await
    }

    /// The mailer, with mails written by `render`.
    ///
    /// # Errors
    /// [`SettingError`] names a setting that cannot work.
    pub async fn build_with(&self, render: Arc<dyn Render>) -> Result<Outgoing, SettingError> {
        let composer = Composer::new(&self.from, render).map_err(|e| refused("mail.from", e))?;
        let url = self.url.expose();
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        if self.ca_file.is_some() && !matches!(scheme, "smtp" | "smtps") {
            return Err(refused("mail.ca_file", "is for smtp:// and smtps:// only"));
        }
        match (scheme, rest) {
            ("dev", "") => {
                let mailbox = DevMailbox::new(&self.dev_folder, composer);
                Ok(Outgoing {
                    mailer: Arc::new(mailbox.clone()),
                    dev_mailbox: Some(mailbox),
                    development: true,
                })
            }
            ("console", "") => Ok(Outgoing {
                mailer: Arc::new(ConsoleMailer::new(composer)),
                dev_mailbox: None,
                development: true,
            }),
            ("dev" | "console", _) => Err(refused("mail.url", "nothing follows dev: or console:")),
            ("smtp" | "smtps", _) => self.smtp(composer).await,
            ("ses", _) => self.ses(composer).await,
            _ => Err(refused(
                "mail.url",
                "starts with none of dev: console: smtp:// smtps:// ses://",
            )),
        }
    }

    #[cfg(feature = "smtp")]
    async fn smtp(&self, composer: Composer) -> Result<Outgoing, SettingError> {
        use crate::smtp::{Security, SmtpUrl};

        let url = SmtpUrl::parse(&self.parsed_url()?).map_err(|e| refused("mail.url", e))?;
        if url.security == Security::None {
            if self.ca_file.is_some() {
                return Err(refused("mail.ca_file", "has no use without TLS"));
            }
            if url.sign_in.is_some() {
                tracing::warn!("mails and the mail server's password are sent without TLS");
            } else {
                tracing::warn!("mails are sent without TLS");
            }
        }
        if let Some(sign_in) = &url.sign_in {
            sign_in.check().await.map_err(|e| refused("mail.url", e))?;
        }
        let roots = match &self.ca_file {
            Some(file) => Some(
                crate::regular_file::check(file)
                    .and_then(|()| std::fs::read(file))
                    .map_err(|e| refused("mail.ca_file", format!("{}: {e}", file.display())))?,
            ),
            None => None,
        };
        let mailer = crate::SmtpMailer::new(url, roots.as_deref(), self.timeout, composer)
            .map_err(|e| refused("mail.ca_file", e))?;
        Ok(sending(mailer))
    }

    #[cfg(not(feature = "smtp"))]
    #[expect(clippy::unused_async, reason = "the same signature with the feature and without")]
    async fn smtp(&self, _: Composer) -> Result<Outgoing, SettingError> {
        Err(not_compiled_in("smtp"))
    }

    #[cfg(feature = "ses")]
    async fn ses(&self, composer: Composer) -> Result<Outgoing, SettingError> {
        let url = crate::ses_url::SesUrl::parse(&self.parsed_url()?);
        let url = url.map_err(|e| refused("mail.url", e))?;
        let mailer = crate::SesMailer::new(url, self.timeout, composer).await;
        Ok(sending(mailer.map_err(|e| refused("mail.url", e))?))
    }

    #[cfg(not(feature = "ses"))]
    #[expect(clippy::unused_async, reason = "the same signature with the feature and without")]
    async fn ses(&self, _: Composer) -> Result<Outgoing, SettingError> {
        Err(not_compiled_in("ses"))
    }

    #[cfg(any(feature = "smtp", feature = "ses"))]
    fn parsed_url(&self) -> Result<url::Url, SettingError> {
        url::Url::parse(self.url.expose()).map_err(|e| {
            let hint =
                "characters such as / # ? @ in a user name or password are written %2F %23 %3F %40";
            refused("mail.url", format!("{e}; {hint}"))
        })
    }
}

#[cfg(any(feature = "smtp", feature = "ses"))]
fn sending(mailer: impl Mailer) -> Outgoing {
    Outgoing { mailer: Arc::new(mailer), dev_mailbox: None, development: false }
}

#[cfg(not(all(feature = "smtp", feature = "ses")))]
fn not_compiled_in(feature: &str) -> SettingError {
    let reason = format!("needs the feature {feature}, which this program was built without");
    refused("mail.url", reason)
}

fn refused(setting: &'static str, reason: impl ToString) -> SettingError {
    SettingError { setting, reason: reason.to_string() }
}
