//! Mail for usermgmt: what it says and how it leaves. Settings make a mailer, and
//! the outbox's worker hands it what the flows have queued:
//!
//! ```
//! use usermgmt_mail::{MailKind, MailSettings, sample_message};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let mut settings = MailSettings::new("dev:", "Example <no-reply@example.com>");
//! settings.dev_folder = folder.path().join("mail");
//! let outgoing = settings.build().await?;
//!
//! // The outbox's worker does this, with what the flows have queued.
//! let message = sample_message(MailKind::PasswordReset, "de-AT");
//! outgoing.mailer.send(&message).await?;
//!
//! let mailbox = outgoing.dev_mailbox.expect("dev: has one");
//! let mail = mailbox.read(message.id.as_str()).await?.expect("it was sent");
//! assert_eq!(mail.summary.subject, "Wählen Sie ein neues Passwort für Example");
//! # Ok(())
//! # }
//! ```
//!
//! # Where to go next
//!
//! - [`MailSettings`] makes a mailer of what an operator sets: SMTP (feature
//!   `smtp`), Amazon SES (feature `ses`), or one for development,
//!   [`DevMailbox`] and [`ConsoleMailer`].
//! - [`Templates`] turns a [`Message`] into a subject, a text part and an HTML
//!   part, in the user's language; a folder of the operator's replaces any of
//!   them. [`export_templates`] writes the shipped ones to start from, and
//!   [`write_preview`] every mail as a file to look at.
//! - [`Render`] is the trait to write mails in another way, and [`Mailer`] the one
//!   to send them in another way: over the HTTP interface of a mail service, say.
//!   [`MailError`] tells the worker what to do about a failure.
//! - [`Composer`] makes of a rendered mail the one that travels (RFC 5322).
//!
//! # What may be relied on
//!
//! What a user typed is shown and never obeyed: it is evaluated by no template,
//! escaped in HTML, kept on its line, out of headers, and without anything that
//! a mail client would turn into a link.

mod catalogue;
mod compose;
mod console;
mod dev;
mod device;
mod export;
mod names;
mod preview;
#[cfg(any(feature = "smtp", feature = "ses"))]
mod reach;
mod regular_file;
#[cfg(any(feature = "smtp", feature = "ses"))]
mod reply;
mod sample;
#[cfg(feature = "ses")]
mod ses;
#[cfg(feature = "ses")]
mod ses_url;
mod settings;
#[cfg(feature = "smtp")]
mod smtp;
mod templates;
mod text;
#[cfg(any(feature = "smtp", feature = "ses"))]
mod url_parts;

pub use compose::{Composer, InvalidFrom};
pub use console::ConsoleMailer;
pub use dev::{DevMail, DevMailSummary, DevMailbox, DevMailboxError};
pub use export::export_templates;
pub use preview::{PreviewError, write_preview};
pub use sample::sample_message;
#[cfg(feature = "ses")]
pub use ses::SesMailer;
pub use settings::{MailSettings, Outgoing, SettingError};
#[cfg(feature = "smtp")]
pub use smtp::SmtpMailer;
pub use templates::{Render, Rendered, TemplateError, Templates};
pub use usermgmt_core::mail::{MailError, MailKind, Mailer, Message, Unreachable};
