//! Where rows come from: read again and again, never written to.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use tokio::sync::mpsc;

use super::row::Row;
use crate::failure::Failure;

/// How many rows are handed over at a time.
pub(super) const CHUNK: usize = 500;

/// Rows on their way; at most a few chunks wait.
pub(super) type Rows = mpsc::Receiver<Result<Vec<Row>, Failure>>;
/// The other end.
pub(super) type Sink = mpsc::Sender<Result<Vec<Row>, Failure>>;

/// A channel for rows.
pub(super) fn rows() -> (Sink, Rows) {
    mpsc::channel(2)
}

/// Collects rows and hands them over, from a thread that may wait.
pub(super) struct Chunks {
    sink: Sink,
    rows: Vec<Row>,
}

/// Nobody takes rows any more.
pub(super) struct Gone;

impl Chunks {
    pub(super) fn add(&mut self, row: Row) -> Result<(), Gone> {
        self.rows.push(row);
        if self.rows.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Gone> {
        self.sink.blocking_send(Ok(std::mem::take(&mut self.rows))).map_err(|_| Gone)
    }
}

/// Reads a file on a thread of its own.
pub(super) fn read_file(
    read: impl FnOnce(&mut Chunks) -> Result<(), FileFault> + Send + 'static,
) -> Rows {
    let (sink, rows) = rows();
    tokio::task::spawn_blocking(move || {
        let mut chunks = Chunks { sink, rows: Vec::new() };
        if let Err(FileFault::Failed(failure)) = read(&mut chunks) {
            let _ = chunks.sink.blocking_send(Err(failure));
        } else {
            let _ = chunks.flush();
        }
    });
    rows
}

/// Why reading a file ended early.
pub(super) enum FileFault {
    Gone,
    Failed(Failure),
}

impl From<Gone> for FileFault {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl From<Failure> for FileFault {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Opens a file; what is none could not be read twice.
pub(super) fn open_file(path: &str) -> Result<File, Failure> {
    let fault = |why: String| Failure::Other(format!("--from: {path}: {why}"));
    // Before it is opened, which waits where it is a FIFO.
    let found = std::fs::metadata(path).map_err(|error| fault(error.to_string()))?;
    if !found.is_file() {
        return Err(fault("is not a file, and is read more than once".to_owned()));
    }
    File::open(path).map_err(|error| fault(error.to_string()))
}

/// The most bytes of a line.
const LINE_MAX: u64 = 1024 * 1024;

/// A file's lines, of which none takes more memory than it may.
pub(super) struct Lines {
    file: BufReader<File>,
    /// Of the line that was read last.
    pub(super) number: u64,
}

/// A line that could not be read, though the file could.
pub(super) type Line = Result<String, &'static str>;

impl Lines {
    pub(super) fn open(path: &str) -> Result<Self, Failure> {
        Ok(Self { file: BufReader::new(open_file(path)?), number: 0 })
    }

    /// The next one that is not blank, and its number.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line)>> {
        loop {
            self.number += 1;
            let mut bytes = Vec::new();
            let read = self.file.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 == LINE_MAX && !bytes.ends_with(b"\n") {
                self.file.skip_until(b'\n')?;
                return Ok(Some((self.number, Err("longer than 1 MiB"))));
            }
            match String::from_utf8(bytes) {
                Err(_) => return Ok(Some((self.number, Err("not UTF-8")))),
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => return Ok(Some((self.number, Ok(line)))),
            }
        }
    }
}
