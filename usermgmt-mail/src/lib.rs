//! Mail for usermgmt: what it says and how it leaves.
//!
//! - [`Templates`] turns a [`Message`] into a subject, a text part and an HTML
//!   part; [`Render`] is the trait to replace it by.
//! - [`Composer`] makes of that the mail as it travels (RFC 5322).
//! - [`DevMailbox`] and [`ConsoleMailer`] are for development.

mod catalogue;
mod compose;
mod console;
mod dev;
mod sample;
mod templates;
mod text;

pub use compose::{Composer, InvalidFrom};
pub use console::ConsoleMailer;
pub use dev::{DevMail, DevMailSummary, DevMailbox, DevMailboxError};
pub use sample::sample_message;
pub use templates::{Render, Rendered, TemplateError, Templates};
pub use usermgmt_core::mail::{MailError, MailKind, Mailer, Message};
