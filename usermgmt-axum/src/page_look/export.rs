//! What is built in, as files to start one's own from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::layout::NAME;
use crate::page_texts::export::files as texts;

/// Writes the texts of the pages, in each of the built-in languages, and their layout
/// into `folder`, as [`PageLook::templates`](super::PageLook::templates) reads them: what
/// is left as it is can be deleted again. Says how many files that is.
///
/// # Errors
/// Where the folder cannot be written to, or one of the files is there already: then
/// none is written.
pub fn export_page_templates(folder: &Path) -> io::Result<usize> {
    let layout = (NAME.to_owned(), include_str!("layout.html").to_owned());
    let files: Vec<(String, String)> = texts().chain([layout]).collect();
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
