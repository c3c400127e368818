//! The shipped templates as files to start one's own from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::catalogue::Catalogue;
use crate::templates::LAYOUTS;

/// Writes the shipped layouts and wordings into `folder`, as
/// [`Templates::with_overrides`](crate::Templates::with_overrides) reads them:
/// what is left as it is can be deleted again. Says how many files that is.
///
/// # Errors
/// Where the folder cannot be written to, or one of the files is there already:
/// then none is written.
pub fn export_templates(folder: &Path) -> io::Result<usize> {
    let mut files: Vec<(String, &str)> =
        LAYOUTS.iter().map(|&(name, text)| (name.to_owned(), text)).collect();
    files.extend(Catalogue::built_in().map(|(language, text)| (format!("{language}.toml"), text)));
    fs::create_dir_all(folder)?;
    for (name, _) in &files {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            let why = format!("{} is there already; nothing was written", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
    }
    for (name, text) in &files {
        let file = OpenOptions::new().write(true).create_new(true).open(folder.join(name));
        file?.write_all(text.as_bytes())?;
    }
    Ok(files.len())
}
