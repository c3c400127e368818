//! Mails and templates as files: to look at before people do, to start one's own from.

use std::path::Path;

use usermgmt_mail::{Templates, export_templates, write_preview};

use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;

/// Writes every mail in every language into the folder.
pub(crate) fn preview(folder: &Path, settings: &Settings) -> Result<(), Failure> {
    let templates = match &settings.mail.templates {
        Some(own) => Templates::with_overrides(own),
        None => Templates::built_in(),
    };
    let templates =
        templates.map_err(|error| Failure::Setting(format!("mail.templates: {error}")))?;
    let product_name = settings.core(settings.listen).product_name;
    let files = write_preview(&templates, &product_name, folder)
        .map_err(|error| Failure::new("mail preview", &error))?;
    print_line(&format!("{files} files; begin with {}", folder.join("index.html").display()))
}

/// Writes the built-in templates into the folder.
pub(crate) fn export(folder: &Path) -> Result<(), Failure> {
    let files = export_templates(folder).map_err(|error| Failure::new("mail export", &error))?;
    print_line(&format!("{files} files in {}", folder.display()))
}
