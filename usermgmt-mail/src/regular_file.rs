//! Files that hold no secret: they are there whenever they are needed.

use std::io;
use std::path::Path;

/// Refuses whatever is none before it is opened: that would wait for whoever writes
/// into a FIFO, perhaps for ever.
///
/// # Errors
/// Those of the file system, and that it is none.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path)?.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("not a regular file")),
    }
}
