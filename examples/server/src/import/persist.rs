//! Giving a file its name.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// Gives a whole file its name. Only a file is replaced: never a device or a pipe.
pub(super) fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there and is not a file"));
    }
    file.persist(path)?;
    Ok(())
}
