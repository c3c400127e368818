//! Mail for usermgmt: what it says and how it leaves.
//!
//! - [`Templates`] turns a [`Message`] into a subject, a text part and an HTML
//!   part; [`Render`] is the trait to replace it by.
//! - [`Composer`] makes of that the mail as it travels (RFC 5322).
//! - [`MailSettings`] makes a mailer of what an operator sets: SMTP (feature
//!   `smtp`), Amazon SES (feature `ses`) or one for development.
//! - [`DevMailbox`] and [`ConsoleMailer`] are for development.

mod catalogue;
mod compose;
mod console;
mod dev;
mod device;
mod preview;
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
#[cfg(feature = "smtp")]
mod smtp_url;
mod templates;
mod text;
#[cfg(any(feature = "smtp", feature = "ses"))]
mod url_parts;

pub use compose::{Composer, InvalidFrom};
pub use console::ConsoleMailer;
pub use dev::{DevMail, DevMailSummary, DevMailbox, DevMailboxError};
pub use preview::{PreviewError, write_preview};
pub use sample::sample_message;
#[cfg(feature = "ses")]
pub use ses::SesMailer;
pub use settings::{MailSettings, Outgoing, SettingError};
#[cfg(feature = "smtp")]
pub use smtp::SmtpMailer;
pub use templates::{Render, Rendered, TemplateError, Templates};
pub use usermgmt_core::mail::{MailError, MailKind, Mailer, Message};
