//! Where the root secrets come from, and how they are written.

use std::path::{Path, PathBuf};

use toml::Value;
use usermgmt_core::keys::{KeyRing, RootSecret, RootState};

use super::database::Database;
use super::layers::Layers;

/// Where the root secrets are.
#[derive(Debug)]
pub(crate) enum SecretSource {
    /// In the settings themselves.
    Given(KeyRing),
    /// In a file that must be there.
    File(PathBuf),
    /// In a file that the first start makes.
    MadeAt(PathBuf),
}

impl SecretSource {
    /// The file, where they are in one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Given(_) => None,
            Self::File(path) | Self::MadeAt(path) => Some(path),
        }
    }
}

/// Picks the source; a combination that cannot work is a problem in `layers`.
pub(super) fn read(layers: &mut Layers, database: &Database, data_dir: &Path) -> SecretSource {
    let given = layers.get_with("secret", |value| match value {
        Value::String(text) => parse_entries(text.split(',')),
        Value::Array(items) => {
            parse_entries(items.iter().map(|item| item.as_str().unwrap_or_default()))
        }
        _ => Err("expected text in quotes, or a list".to_owned()),
    });
    let file: Option<PathBuf> = layers.get("secret_file");
    if layers.is_set("secret") && layers.is_set("secret_file") {
        layers.problem("secret and secret_file are both set: set one");
    }
    match (given, file) {
        (Some(ring), _) => SecretSource::Given(ring),
        (None, Some(path)) if database.is_embedded() => SecretSource::MadeAt(path),
        (None, Some(path)) => SecretSource::File(path),
        (None, None) => {
            if !database.is_embedded() && !layers.is_set("secret") {
                layers.problem(
                    "secret or secret_file is required with this database_url: \
                     all replicas must have the same, so none is made \
                     (`openssl rand -base64 32` makes one)",
                );
            }
            SecretSource::MadeAt(data_dir.join("secret"))
        }
    }
}

/// Reads a secret file: an entry a line, empty lines and `#` comments aside.
///
/// # Errors
/// What is wrong, without the secret.
pub(crate) fn parse_secret_lines(text: &str) -> Result<KeyRing, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    parse_entries(text.lines().filter(|line| !line.trim_start().starts_with('#')))
}

fn parse_entries<'a>(texts: impl Iterator<Item = &'a str>) -> Result<KeyRing, String> {
    let secrets: Vec<RootSecret> = texts
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(parse_entry)
        .collect::<Result<_, _>>()?;
    KeyRing::new(&secrets).map_err(|error| error.to_string())
}

fn parse_entry(text: &str) -> Result<RootSecret, String> {
    let (state, base64) = match text.split_once(':') {
        None => (RootState::Sign, text),
        Some(("sign", base64)) => (RootState::Sign, base64),
        Some(("verify", base64)) => (RootState::Verify, base64),
        Some(("unseal-only", base64)) => (RootState::UnsealOnly, base64),
        Some(_) => return Err("a secret's state is sign, verify or unseal-only".to_owned()),
    };
    RootSecret::from_base64(base64, state)
        .map_err(|error| format!("{error} (`openssl rand -base64 32` makes one)"))
}
