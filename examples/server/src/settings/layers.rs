//! What was set, where: the old services' settings, the file, the secret, the
//! environment and the flags, in rising order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Value;

use super::table::{self, ENV_PREFIX, Kind, SETTINGS, Setting, TEST_ENV_PREFIX};
use super::value::{self, Parse};
use crate::unreadable::cannot_read;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    File(PathBuf),
    Env(String),
    Flag(String),
    /// From the secret that `secrets.url` names.
    Secret,
    /// From the file that this setting names.
    ValueFile(&'static str),
    /// From a setting of an old service, by its own name.
    Old(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "in {}", path.display()),
            Self::Env(name) => write!(f, "from the environment, {name}"),
            Self::Flag(name) => write!(f, "from --{name}"),
            Self::Secret => f.write_str("from the secret of secrets.url"),
            Self::ValueFile(setting) => write!(f, "from the file of {setting}"),
            Self::Old(name) => write!(f, "from the old service's {name}"),
        }
    }
}

/// What was set, by provider and setting.
type Providers = BTreeMap<String, BTreeMap<&'static str, (Value, Source)>>;

/// Values by setting, each with its source, and everything found wrong so far.
#[derive(Default)]
pub(super) struct Layers {
    values: BTreeMap<&'static str, (Value, Source)>,
    pub(super) providers: Providers,
    problems: Vec<String>,
}

impl Layers {
    /// Takes the settings of a TOML file.
    pub(super) fn add_file(&mut self, path: &Path, text: &str) {
        // Some editors begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match text.parse::<toml::Table>() {
            Ok(table) => self.add_table("", table, &Source::File(path.to_owned())),
            // The parser's own rendering quotes the line, which may hold a secret.
            Err(error) => {
                let line = error.span().map_or(1, |span| {
                    let before = text.get(..span.start).unwrap_or_default();
                    before.matches('\n').count() + 1
                });
                self.problem(format!("{}, line {line}: {}", path.display(), error.message()));
            }
        }
    }

    /// Takes the settings of a secret. What somebody set for this process alone,
    /// in its environment or by a flag, wins over what all have.
    pub(super) fn add_secret(&mut self, table: toml::Table) {
        self.add_table("", table, &Source::Secret);
    }

    fn add_table(&mut self, section: &str, table: toml::Table, source: &Source) {
        for (key, value) in table {
            let name = match section {
                "" => key,
                section => format!("{section}.{key}"),
            };
            if name == "providers" || name.starts_with("providers.") {
                let path = name.trim_start_matches("providers").trim_start_matches('.');
                self.add_providers(path, value, source);
                continue;
            }
            match (table::find(&name), value) {
                (Some(setting), _)
                    if *source == Source::Secret && self.is_of_process(setting.name) => {}
                (Some(setting), value) => self.set(setting, value, source.clone()),
                (None, Value::Table(inner)) if section.is_empty() => {
                    self.add_table(&name, inner, source);
                }
                (None, _) => {
                    let hint = hint(table::nearest(&name).map(|near| near.name));
                    self.problem(format!("unknown setting `{name}` {source}{hint}"));
                }
            }
        }
    }

    /// Takes the settings among the variables of the environment. An empty one
    /// is not set: compose files and shells make `USERMGMT_X=` of `${X:-}`.
    pub(super) fn add_env<'a>(&mut self, vars: impl IntoIterator<Item = &'a (OsString, OsString)>) {
        for (name, value) in vars {
            let Some(name) = name.to_str() else { continue };
            if !name.starts_with(ENV_PREFIX) || name.starts_with(TEST_ENV_PREFIX) {
                continue;
            }
            if let (Some(rest), Some(value)) =
                (name[ENV_PREFIX.len()..].strip_prefix("PROVIDERS__"), value.to_str())
                && self.add_provider_env(rest, value, &Source::Env(name.to_owned()))
            {
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|s| s.env_name() == name) else {
                let dotted = name[ENV_PREFIX.len()..].replace("__", ".").to_ascii_lowercase();
                let hint = hint(table::nearest(&dotted).map(Setting::env_name));
                self.problem(format!("unknown setting `{name}` in the environment{hint}"));
                continue;
            };
            match value.to_str() {
                Some("") => {}
                Some(value) => {
                    let value = Value::String(value.to_owned());
                    self.set(setting, value, Source::Env(name.to_owned()));
                }
                None => self.problem(format!("{name} in the environment is not UTF-8")),
            }
        }
    }

    /// Whether somebody set it for this process alone.
    pub(super) fn is_of_process(&self, name: &str) -> bool {
        matches!(self.given(name), Some((_, Source::Env(_) | Source::Flag(_))))
    }

    /// Takes a setting given as a flag.
    pub(super) fn add_flag(&mut self, setting: &'static Setting, value: String) {
        let source = Source::Flag(setting.flag_name());
        self.set(setting, Value::String(value), source);
    }

    /// Takes a setting from an old service's, unless it was set: as it is
    /// itself, or by the name of a file.
    pub(super) fn add_old(&mut self, name: &'static str, value: String, old: &str) {
        let Some(setting) = table::find(name) else { return };
        let file = format!("{name}_file");
        if !self.is_set(name) && !self.is_set(&file) {
            self.set(setting, Value::String(value), Source::Old(old.to_owned()));
        }
    }

    /// Reads the files that settings name in place of a value.
    pub(super) fn read_value_files(&mut self) {
        for setting in SETTINGS {
            let Some(variant) = table::file_variant(setting) else { continue };
            let Some(path) = self.get::<PathBuf>(variant.name) else { continue };
            if self.is_set(setting.name) {
                let names = (setting.name, variant.name);
                self.problem(format!("{} and {} are both set: set one", names.0, names.1));
                continue;
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                    let text = text.strip_suffix('\n').unwrap_or(text);
                    let text = text.strip_suffix('\r').unwrap_or(text);
                    let value = Value::String(text.to_owned());
                    self.set(setting, value, Source::ValueFile(variant.name));
                }
                Err(error) => {
                    self.problem(format!("{}: {}", variant.name, cannot_read(&path, &error)));
                }
            }
        }
    }

    fn set(&mut self, setting: &'static Setting, value: Value, source: Source) {
        self.values.insert(setting.name, (value, source));
    }

    /// The value of a setting; `None` where nobody set it. One that does not
    /// parse is a problem and counts as not set.
    pub(super) fn get<T: Parse>(&mut self, name: &'static str) -> Option<T> {
        self.get_with(name, T::parse)
    }

    /// Like [`Self::get`], for values with a form of their own.
    pub(super) fn get_with<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let (value, source) = self.values.get(name)?;
        match parse(value) {
            Ok(parsed) => Some(parsed),
            Err(why) => {
                let shown = match table::find(name) {
                    Some(setting) if !is_hidden(setting, source) => format!(" = {value}"),
                    _ => String::new(),
                };
                self.problems.push(format!("{name}{shown} ({source}): {why}"));
                None
            }
        }
    }

    /// A whole number, within the bounds that the table has for it.
    pub(super) fn number(&mut self, name: &'static str) -> Option<u32> {
        let (least, most) = match table::find(name)?.kind {
            Kind::Number { least, most } => (least, most),
            _ => (0, u32::MAX),
        };
        self.get_with(name, |value| value::number(value, least, most))
    }

    /// One of the words that the table has for it.
    pub(super) fn choice(&mut self, name: &'static str) -> Option<&'static str> {
        let Kind::Choice(words) = table::find(name)?.kind else { return None };
        self.get_with(name, |value| {
            words
                .iter()
                .find(|word| value.as_str() == Some(word))
                .copied()
                .ok_or_else(|| format!("expected {}", words.join(" or ")))
        })
    }

    /// Puts the value of a setting into `into`, where somebody set it.
    pub(super) fn set_if_given<T: Parse>(&mut self, name: &'static str, into: &mut T) {
        if let Some(value) = self.get(name) {
            *into = value;
        }
    }

    /// Whether somebody set it.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Value and source of a setting, where somebody set it.
    pub(super) fn given(&self, name: &str) -> Option<&(Value, Source)> {
        self.values.get(name)
    }

    /// Notes something that keeps the server from starting.
    pub(super) fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// Everything that was found wrong.
    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }
}

/// Whether a value must not be repeated: whatever is kept in a secret is none of
/// a log's business.
pub(super) fn is_hidden(setting: &Setting, source: &Source) -> bool {
    setting.is_secret || *source == Source::Secret
}

fn hint(nearest: Option<impl fmt::Display>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
