//! A CSV file with a header (RFC 4180). Columns have our own names, or are
//! mapped to them; others are not read.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder, StringRecord};

use super::totp;
use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::{Rows, open_file, read_file};
use crate::import::value::{filled, parse_truth};

const NAMES: [&str; 14] = [
    "id",
    "username",
    "email",
    "is_email_confirmed",
    "is_disabled",
    "role",
    "first_name",
    "last_name",
    "gender",
    "locale",
    "created_at",
    "updated_at",
    "password",
    "totp",
];

pub(in crate::import) fn open(path: &str, columns: &[String]) -> Result<Rows, Failure> {
    let file = Limited { file: open_file(path)?, left: RECORD_MAX };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(file);
    let failed = {
        let path = path.to_owned();
        move |error: csv::Error| Failure::Other(format!("--from: {path}: {error}"))
    };
    let header = reader.headers().map_err(&failed)?.clone();
    let places = places(&header, columns)?;
    Ok(read_file(move |chunks| {
        let mut record = ByteRecord::new();
        // As spreadsheets count them: cells may have line ends.
        let mut number = 1_u64;
        loop {
            number += 1;
            reader.get_mut().left = RECORD_MAX;
            if !reader.read_byte_record(&mut record).map_err(&failed)? {
                return Ok(());
            }
            chunks.add(match StringRecord::from_byte_record(std::mem::take(&mut record)) {
                Ok(record) if record.len() == header.len() => row(&record, &places),
                Ok(record) => {
                    let (has, header) = (record.len(), header.len());
                    let why = format!("row {number}: has {has} fields, the header {header}");
                    Row::unreadable(None, why)
                }
                Err(_) => Row::unreadable(None, format!("row {number}: not UTF-8")),
            })?;
        }
    }))
}

/// The most bytes of a record: what takes more has a quotation mark that nothing closes.
const RECORD_MAX: usize = 1024 * 1024;

/// A file of which no record is read without end.
struct Limited {
    file: File,
    left: usize,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(
                "a record is longer than 1 MiB: a quotation mark may not be closed",
            ));
        }
        let read = self.file.read(buffer)?;
        self.left = self.left.saturating_sub(read);
        Ok(read)
    }
}

/// Where each of our names stands.
fn places(
    header: &StringRecord,
    columns: &[String],
) -> Result<HashMap<&'static str, usize>, Failure> {
    let mut names: HashMap<&'static str, &str> = NAMES.iter().map(|&name| (name, name)).collect();
    for column in columns {
        let (ours, theirs) = column.split_once('=').ok_or_else(|| {
            Failure::Setting(format!("--column {column}: write it as `email=mail`"))
        })?;
        match NAMES.iter().find(|name| **name == ours) {
            Some(name) if header.iter().any(|cell| cell == theirs) => names.insert(name, theirs),
            Some(_) => {
                return Err(Failure::Setting(format!(
                    "--column {column}: the file's header has no `{theirs}`"
                )));
            }
            None => {
                return Err(Failure::Setting(format!(
                    "--column {column}: `{ours}` is none of {}",
                    NAMES.join(", ")
                )));
            }
        };
    }
    let place = |theirs: &str| header.iter().position(|cell| cell == theirs);
    let places: HashMap<_, _> =
        names.iter().filter_map(|(ours, theirs)| Some((*ours, place(theirs)?))).collect();
    match ["id", "email"].iter().find(|name| !places.contains_key(**name)) {
        Some(name) => Err(Failure::Setting(format!(
            "--from: the file's header has no `{name}`; `--column {name}=…` says what it is called"
        ))),
        None => Ok(places),
    }
}

fn row(record: &StringRecord, places: &HashMap<&'static str, usize>) -> Row {
    let cell = |name: &str| {
        filled(places.get(name).and_then(|&place| record.get(place)).map(str::to_owned))
    };
    let is_true = |name: &str| parse_truth(cell(name).as_deref());
    Row {
        id: cell("id").unwrap_or_default(),
        username: cell("username"),
        email: cell("email"),
        is_email_confirmed: is_true("is_email_confirmed"),
        is_disabled: is_true("is_disabled"),
        role: cell("role"),
        first_name: cell("first_name"),
        last_name: cell("last_name"),
        gender: cell("gender"),
        locale: cell("locale"),
        created_at: cell("created_at"),
        updated_at: cell("updated_at"),
        password: cell("password"),
        totp: cell("totp").map(|secret| totp(&secret)),
        ..Row::default()
    }
}
