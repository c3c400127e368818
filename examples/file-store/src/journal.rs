//! The file that every write goes to before it is done.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// A journal of whole lines, each on the disk before it counts.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    /// What is in it: lines that somebody was answered for.
    length: u64,
    is_broken: bool,
}

impl Journal {
    /// Opens the file, or creates it for its owner alone, and cuts off what
    /// comes after so many bytes.
    pub(crate) fn open(path: &Path, length: u64) -> io::Result<Self> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        file.set_len(length)?;
        Ok(Self { file, length, is_broken: false })
    }

    /// Writes a line and waits until the disk has it. Where that fails, nothing
    /// of it may stay: half a line would spoil the next one, and a whole one
    /// would come true at the next start although its writer was refused. Where
    /// it cannot be taken away, nothing more is written until then.
    pub(crate) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.check()?;
        let written = self.file.write_all(line).and_then(|()| self.file.sync_data());
        match &written {
            Ok(()) => self.length += line.len() as u64,
            Err(_) => {
                let cut = self.file.set_len(self.length).and_then(|()| self.file.sync_data());
                self.is_broken = cut.is_err();
            }
        }
        written
    }

    /// Whether it can be written to, as far as is known.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self.is_broken {
            true => Err(io::Error::other("the journal is not in order since a write failed")),
            false => self.file.metadata().map(drop),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// `/dev/full` refuses the write; `/dev/null` takes it, but has no disk to
    /// wait for. Nothing can be taken away from either.
    #[test]
    fn what_cannot_be_taken_away_ends_all_writing() -> io::Result<()> {
        for device in ["/dev/full", "/dev/null"] {
            let file = File::options().append(true).open(device)?;
            let mut journal = Journal { file, length: 0, is_broken: false };
            assert!(journal.check().is_ok(), "{device}");
            assert!(journal.append(b"line\n").is_err(), "{device}");
            assert!(journal.check().is_err(), "{device}");
            let refused = journal.append(b"line\n").map_err(|error| error.to_string());
            assert!(refused.is_err_and(|why| why.contains("not in order")), "{device}");
        }
        Ok(())
    }
}
