//! Every mail in every language, as files to look at.

use std::fs;
use std::io;
use std::path::Path;

use usermgmt_core::mail::MailKind;

use crate::sample::sample_message;
use crate::templates::{Render as _, TemplateError, Templates};

/// Why a preview was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreviewError {
    /// A template failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file could not be written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Writes each mail, with made-up data, to `<folder>/<language>/<kind>.txt`
/// (with its subject on top) and `.html`. Says how many files that is.
///
/// # Errors
/// [`PreviewError`] where a template fails or a file cannot be written.
pub fn write_preview(
    templates: &Templates,
    product_name: &str,
    folder: &Path,
) -> Result<usize, PreviewError> {
    let mut files = 0;
    for language in templates.languages() {
        let folder = folder.join(language);
        fs::create_dir_all(&folder)?;
        for kind in MailKind::ALL {
            let mut message = sample_message(kind, language);
            message.product_name = product_name.to_owned();
            let mail = templates.render(&message)?;
            let name = kind.as_str();
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
            fs::write(folder.join(format!("{name}.txt")), text)?;
            fs::write(folder.join(format!("{name}.html")), mail.html)?;
            files += 2;
        }
    }
    Ok(files)
}
