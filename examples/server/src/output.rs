//! What is printed on standard output.

use std::io::{IsTerminal as _, Write as _};

use serde_json::{Map, Value};

use crate::failure::Failure;

/// How many rows are looked at for the width of the columns.
const CHUNK: usize = 200;

/// Prints a line on standard output, at once.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::new("cannot write to standard output", &error))
}

/// A list: columns in line on a terminal, tabs between them elsewhere, or an
/// array of JSON objects. Rows are printed as they come.
pub(crate) struct List {
    columns: &'static [(&'static str, &'static str)],
    style: Style,
    pending: Vec<Vec<String>>,
    widths: Vec<usize>,
    any: bool,
}

#[derive(PartialEq, Eq)]
enum Style {
    Json,
    Tabs,
    Aligned,
}

impl List {
    /// Begins one. A column has a name in JSON and a heading.
    pub(crate) fn begin(
        columns: &'static [(&'static str, &'static str)],
        json: bool,
    ) -> Result<Self, Failure> {
        let style = match (json, std::io::stdout().is_terminal()) {
            (true, _) => Style::Json,
            (false, true) => Style::Aligned,
            (false, false) => Style::Tabs,
        };
        let mut list =
            Self { columns, style, pending: vec![], widths: vec![0; columns.len()], any: false };
        if list.style != Style::Json {
            list.text(columns.iter().map(|(_, heading)| (*heading).to_owned()).collect())?;
        }
        Ok(list)
    }

    /// Adds a row: a value a column.
    pub(crate) fn row(&mut self, values: Vec<Value>) -> Result<(), Failure> {
        if self.style != Style::Json {
            return self.text(values.iter().map(shown).collect());
        }
        let names = self.columns.iter().map(|(name, _)| (*name).to_owned());
        self.object(Value::Object(names.zip(values).collect::<Map<_, _>>()))
    }

    /// Adds a row that has more than the columns, which only JSON shows.
    pub(crate) fn object(&mut self, mut object: Value) -> Result<(), Failure> {
        if self.style != Style::Json {
            let cells = self.columns.iter().map(|(name, _)| shown(&object[name].take()));
            return self.text(cells.collect());
        }
        let before = if self.any { "," } else { "[" };
        self.any = true;
        print_line(&format!("{before}{object}"))
    }

    /// Prints what is left.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        match self.style {
            Style::Json if self.any => print_line("]"),
            Style::Json => print_line("[]"),
            Style::Tabs | Style::Aligned => self.flush(),
        }
    }

    fn text(&mut self, cells: Vec<String>) -> Result<(), Failure> {
        if self.style == Style::Tabs {
            return print_line(&cells.join("\t"));
        }
        self.pending.push(cells);
        if self.pending.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        for row in &self.pending {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in self.pending.drain(..) {
            let cells = row.iter().zip(&self.widths).map(|(cell, width)| format!("{cell:width$}"));
            print_line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A value as people read it, on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        // What a mail server or a person wrote may be of several lines.
        Value::String(text) => text.replace(char::is_control, " "),
        other => other.to_string(),
    }
}

/// A time, or nothing.
pub(crate) fn time(at: Option<usermgmt_core::clock::Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::String(at.to_string()))
}
