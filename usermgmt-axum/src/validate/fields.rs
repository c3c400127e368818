//! The reader of an object's fields.

use serde_json::{Map, Value};

use super::problem::{Issue, Problems, Style};
use crate::state::HttpState;

/// A request that is read from the fields of an object.
pub(crate) trait FromFields: Sized {
    /// How its problems are told.
    const STYLE: Style;

    /// Reads all fields; `None` where one of them has a problem. Problems are
    /// left with the reader, so that all of them are found.
    fn read(fields: &mut Fields, state: &HttpState) -> Option<Self>;
}

/// The fields of an object, each read once, and what was wrong with them.
pub(crate) struct Fields {
    rest: Map<String, Value>,
    problems: Problems,
}

impl Fields {
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self { rest: fields, problems: Problems::default() }
    }

    /// Reads a whole request.
    pub(crate) fn read<T: FromFields>(mut self, state: &HttpState) -> Result<T, Problems> {
        let request = T::read(&mut self, state);
        if T::STYLE.refuses_unknown() {
            for name in self.rest.keys() {
                self.problems.push(name, Issue::Unknown);
            }
        }
        match request {
            Some(request) if self.problems.is_empty() => Ok(request),
            _ => Err(self.problems),
        }
    }

    /// A field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Issue>,
    ) -> Option<T> {
        let value = self.rest.remove(name).ok_or(Issue::Missing);
        self.take(name, value.and_then(|value| parsed(value, parse)))
    }

    /// A field that may be left out, but not be null. `Some(None)` where it is left out.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Issue>,
    ) -> Option<Option<T>> {
        match self.rest.remove(name) {
            None => Some(None),
            Some(value) => self.take(name, parsed(value, parse)).map(Some),
        }
    }

    /// A field that may be left out or be null, which is the same.
    pub(crate) fn nullable<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Issue>,
    ) -> Option<Option<T>> {
        if self.rest.get(name).is_some_and(Value::is_null) {
            self.rest.remove(name);
        }
        self.optional(name, parse)
    }

    /// A field that may be left out, or be null or empty, which takes away what
    /// is there. `Some(None)` where it is left out.
    pub(crate) fn clearable<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Issue>,
    ) -> Option<Option<Option<T>>> {
        match self.rest.get(name) {
            Some(Value::Null) => {
                self.rest.remove(name);
                Some(Some(None))
            }
            Some(Value::String(text)) if text.is_empty() => {
                self.rest.remove(name);
                Some(Some(None))
            }
            _ => self.optional(name, parse).map(|given| given.map(Some)),
        }
    }

    /// A value of whatever shape that must be there.
    #[cfg(feature = "passkeys")]
    pub(crate) fn json(&mut self, name: &str) -> Option<Value> {
        let value = self.rest.remove(name).filter(|value| !value.is_null()).ok_or(Issue::Missing);
        self.take(name, value)
    }

    /// The same, where it may be left out.
    #[cfg(feature = "passkeys")]
    pub(crate) fn optional_json(&mut self, name: &str) -> Option<Value> {
        self.rest.remove(name)
    }

    /// A switch; off where it is left out.
    pub(crate) fn switch(&mut self, name: &str) -> Option<bool> {
        match self.rest.remove(name) {
            None => Some(false),
            Some(Value::Bool(on)) => Some(on),
            Some(_) => self.take(name, Err(Issue::NotSwitch)),
        }
    }

    /// A list of texts that must be there, of this many.
    pub(crate) fn texts(&mut self, name: &str, min: usize, max: usize) -> Option<Vec<String>> {
        let texts = match self.rest.remove(name) {
            None => Err(Issue::Missing),
            Some(Value::Array(items)) if items.len() < min => Err(Issue::TooFew(min)),
            Some(Value::Array(items)) if items.len() > max => Err(Issue::TooMany(max)),
            Some(Value::Array(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(Issue::NotText),
                })
                .collect(),
            Some(_) => Err(Issue::NotList),
        };
        self.take(name, texts)
    }

    /// Whether nothing was wrong so far: what concerns several fields is only
    /// looked at where each of them is right.
    pub(crate) fn all_right(&self) -> bool {
        self.problems.is_empty()
    }

    /// A problem of a field that is right by itself.
    pub(crate) fn refuse(&mut self, name: &str, issue: Issue) {
        self.problems.push(name, issue);
    }

    /// A problem of the whole body.
    pub(crate) fn refuse_body(&mut self, issue: Issue) {
        self.problems = Problems::of_body(issue);
    }

    fn take<T>(&mut self, name: &str, result: Result<T, Issue>) -> Option<T> {
        result.map_err(|issue| self.problems.push(name, issue)).ok()
    }
}

fn parsed<T>(value: Value, parse: impl FnOnce(&str) -> Result<T, Issue>) -> Result<T, Issue> {
    match value {
        Value::String(text) => parse(&text),
        // A choice among texts says which, whatever was sent in its place.
        other => match parse("") {
            Err(issue @ Issue::NotOneOf { .. }) => Err(issue),
            _ if other.is_null() => Err(Issue::Null),
            _ => Err(Issue::NotText),
        },
    }
}
