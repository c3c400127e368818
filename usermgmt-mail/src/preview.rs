//! Every mail in every language, as files to look at.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
    /// The templates are read from this folder, and would be mixed with the mails.
    #[error("{} is where the templates are (mail.templates); take another folder", .0.display())]
    TemplatesFolder(PathBuf),
}

/// Writes each mail, with made-up data, to `<folder>/<language>/<kind>.txt`
/// (with its subject on top) and `.html`, and `<folder>/index.html` with links to
/// all of them. Says how many files that is.
///
/// # Errors
/// [`PreviewError`] where a template fails, a file cannot be written, or the
/// folder is in the one that the templates come from.
pub fn write_preview(
    templates: &Templates,
    product_name: &str,
    folder: &Path,
) -> Result<usize, PreviewError> {
    fs::create_dir_all(folder)?;
    if let Some(own) = templates.folder()
        && fs::canonicalize(folder)?.starts_with(fs::canonicalize(own)?)
    {
        return Err(PreviewError::TemplatesFolder(folder.to_owned()));
    }
    let mut files = 1;
    let mut sections = String::new();
    for language in templates.languages() {
        let folder = folder.join(language);
        fs::create_dir_all(&folder)?;
        sections.push_str(&format!("<h2>{language}</h2>\n<ul lang=\"{language}\">\n"));
        for kind in MailKind::ALL {
            let mut message = sample_message(kind, language);
            message.product_name = product_name.to_owned();
            let mail = templates.render(&message)?;
            let name = kind.as_str();
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
            fs::write(folder.join(format!("{name}.txt")), text)?;
            fs::write(folder.join(format!("{name}.html")), mail.html)?;
            files += 2;
            let subject = escape(&mail.subject);
            sections.push_str(&format!(
                "<li><a href=\"{language}/{name}.html\">{subject}</a> <small><code>{name}</code> \
                 <a href=\"{language}/{name}.txt\">text</a></small></li>\n"
            ));
        }
        sections.push_str("</ul>\n");
    }
    fs::write(folder.join("index.html"), index(&escape(product_name), &sections))?;
    Ok(files)
}

fn index(product_name: &str, sections: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Mails of {product_name}</title>\n<style>\n:root {{ color-scheme: light dark; }}\n\
         body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }}\n\
         li {{ margin: .3rem 0; overflow-wrap: anywhere; }}\nsmall {{ opacity: .8; }}\n\
         </style>\n</head>\n<body>\n<h1>Mails of {product_name}</h1>\n{sections}</body>\n</html>\n"
    )
}

/// Makes a text harmless between tags.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
