//! What an import found and did.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write};
use std::path::Path;

use serde_json::{Value, json};
use usermgmt_core::UserId;

use super::duplicates::Group;
use super::password::StoredPassword;
use super::row::Entry;
use crate::failure::Failure;

/// How many refused rows and duplicates are named on standard error.
const SHOWN: usize = 20;

/// The most characters of a reason, which may have the source's own words in it.
const REASON_MAX: usize = 256;

/// Numbers, and lists that may be long.
pub(super) struct Report {
    is_dry_run: bool,
    /// Nothing comes in: of a dry run, or where duplicates stop the import.
    looks: bool,
    read: u64,
    /// Rows that would come in, where nothing does.
    importable: u64,
    imported: u64,
    already: u64,
    hashes: BTreeMap<&'static str, u64>,
    clear_text: u64,
    unknown_hash: u64,
    unconfirmed: u64,
    refused: List,
    duplicates: List,
}

impl Report {
    pub(super) fn new(is_dry_run: bool) -> io::Result<Self> {
        Ok(Self {
            is_dry_run,
            looks: is_dry_run,
            read: 0,
            importable: 0,
            imported: 0,
            already: 0,
            hashes: BTreeMap::new(),
            clear_text: 0,
            unknown_hash: 0,
            unconfirmed: 0,
            refused: List::new()?,
            duplicates: List::new()?,
        })
    }

    /// Counts a row that was read.
    pub(super) fn row(&mut self, entry: &Entry) {
        self.read += 1;
        self.unconfirmed += u64::from(!entry.is_confirmed);
        match entry.password {
            StoredPassword::None => {}
            StoredPassword::Hash(kind) => *self.hashes.entry(kind).or_default() += 1,
            StoredPassword::ClearText => self.clear_text += 1,
            StoredPassword::Unknown => self.unknown_hash += 1,
        }
    }

    /// From now on nothing comes in: what would is counted.
    pub(super) fn only_looks(&mut self) {
        self.looks = true;
    }

    pub(super) fn looks(&self) -> bool {
        self.looks
    }

    pub(super) fn imported(&mut self) {
        if self.looks {
            self.importable += 1;
        } else {
            self.imported += 1;
        }
    }

    pub(super) fn already(&mut self) {
        self.already += 1;
    }

    pub(super) fn refused(&mut self, id: &str, reasons: &[String]) -> io::Result<()> {
        let reasons: Vec<String> =
            reasons.iter().map(|reason| reason.chars().take(REASON_MAX).collect()).collect();
        self.refused.add(&json!({ "id": shown(id), "reasons": reasons }))
    }

    pub(super) fn duplicate(&mut self, group: &Group) -> io::Result<()> {
        let ids: Vec<&str> = group.members.iter().map(|member| &*member.id).collect();
        self.duplicates
            .add(&json!({ "field": group.field, "value_hash": group.value_hash, "ids": ids }))
    }

    pub(super) fn read(&self) -> u64 {
        self.read
    }

    pub(super) fn has_duplicates(&self) -> bool {
        self.duplicates.count > 0
    }

    /// Whether every row came in, or would.
    pub(super) fn is_complete(&self) -> bool {
        self.refused.count == 0
    }

    /// Writes it as JSON: into a file of another name first, so that nobody reads half of it.
    pub(super) fn write(&mut self, path: &Path) -> Result<(), Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let failed = |error: io::Error| {
            Failure::Other(format!("--report: cannot write {}: {error}", path.display()))
        };
        let mut file =
            tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        self.write_to(&mut BufWriter::new(&mut file)).map_err(failed)?;
        super::persist::persist(file, path).map_err(failed)
    }

    fn write_to(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Self { read, imported, already, hashes, clear_text, .. } = &*self;
        let (unknown, unconfirmed) = (self.unknown_hash, self.unconfirmed);
        write!(out, "{{\"read\":{read},\"imported\":{imported},\"already\":{already}")?;
        if self.is_dry_run {
            write!(out, ",\"dry_run\":true")?;
        }
        if self.looks {
            write!(out, ",\"importable\":{}", self.importable)?;
        }
        write!(out, ",\"hashes\":{},\"clear_text\":{clear_text}", json!(hashes))?;
        write!(out, ",\"unknown_hash\":{unknown},\"unconfirmed\":{unconfirmed}")?;
        for (name, list) in [("refused", &mut self.refused), ("duplicates", &mut self.duplicates)] {
            write!(out, ",\n\"{name}\":[")?;
            list.write_to(out)?;
            write!(out, "]")?;
        }
        writeln!(out, "}}")?;
        out.flush()
    }

    /// As people read it, on standard error.
    pub(super) fn print(&self) -> io::Result<()> {
        let mut out = std::io::stderr().lock();
        writeln!(out, "rows read          {}", self.read)?;
        if !self.is_dry_run {
            writeln!(out, "imported           {}", self.imported)?;
        }
        if self.looks {
            writeln!(out, "importable         {}", self.importable)?;
        }
        writeln!(out, "there already      {}", self.already)?;
        writeln!(out, "refused            {}", self.refused.count)?;
        writeln!(out, "duplicates         {}", self.duplicates.count)?;
        writeln!(out, "unconfirmed        {}", self.unconfirmed)?;
        for (kind, count) in &self.hashes {
            writeln!(out, "hashes: {kind:<10} {count}")?;
        }
        writeln!(out, "clear text         {}", self.clear_text)?;
        writeln!(out, "unknown hashes     {}", self.unknown_hash)?;
        for (what, list) in [("refused", &self.refused), ("duplicate", &self.duplicates)] {
            for text in &list.first {
                writeln!(out, "{what}: {text}")?;
            }
            if list.count > list.first.len() as u64 {
                let more = list.count - list.first.len() as u64;
                writeln!(out, "{what}: {more} more; --report FILE lists them all")?;
            }
        }
        Ok(())
    }
}

/// An id as its source has it; of what could be none only the beginning, in
/// characters that do nothing to a terminal.
fn shown(id: &str) -> String {
    if id.parse::<UserId>().is_ok() {
        return id.to_owned();
    }
    id.chars().take(64).flat_map(char::escape_default).collect()
}

/// JSON in characters that do nothing to a terminal.
fn plain(json: &str) -> String {
    let mut plain = String::new();
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            plain.push(c);
        } else {
            plain.extend(c.escape_unicode());
        }
    }
    plain
}

/// JSON values in a temporary file, one a line.
struct List {
    file: BufWriter<File>,
    count: u64,
    first: Vec<String>,
}

impl List {
    fn new() -> io::Result<Self> {
        let file = BufWriter::new(tempfile::tempfile()?);
        Ok(Self { file, count: 0, first: Vec::new() })
    }

    fn add(&mut self, value: &Value) -> io::Result<()> {
        let text = value.to_string();
        writeln!(self.file, "{text}")?;
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(plain(&text));
        }
        Ok(())
    }

    fn write_to(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let before = if number > 0 { "," } else { "" };
            write!(out, "{before}\n{}", line?)?;
        }
        Ok(())
    }
}
