//! What the pages say and look like, for who wants it otherwise.

use std::path::Path;

use usermgmt_axum::export_page_templates;

use crate::failure::Failure;
use crate::output::print_line;

/// Writes the built-in texts and layout into the folder.
pub(crate) fn export(folder: &Path) -> Result<(), Failure> {
    let files =
        export_page_templates(folder).map_err(|error| Failure::new("pages export", &error))?;
    print_line(&format!("{files} files in {}", folder.display()))
}
