//! Files that are read whenever they are needed. A secret is none of them: it may
//! come through a pipe, and be gone then.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens one. Opening a FIFO would wait for whoever writes into it, perhaps for ever.
///
/// # Errors
/// Those of the file system, and that it is none.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    File::open(path)
}
