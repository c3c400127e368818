//! All settings as they are in force, to be looked at.

use serde_json::{Value, json};

use super::layers::{Layers, Source, is_hidden};
use super::table::{SETTINGS, Setting};

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";

/// A setting, its value and where that comes from.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The setting's name.
    pub(crate) name: String,
    /// Its value; `[redacted]` in place of a secret.
    pub(crate) value: Value,
    /// Where it comes from: `default` where nobody set it.
    pub(crate) source: String,
}

impl Shown {
    /// The value as text.
    pub(crate) fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// All of them, in the table's order, and what was set of providers.
pub(super) fn all(layers: &Layers) -> Vec<Shown> {
    let shown = |setting: &'static Setting| match layers.given(setting.name) {
        None => Shown {
            name: setting.name.to_owned(),
            value: json!(setting.default),
            source: "default".to_owned(),
        },
        Some((value, source)) => {
            given(setting.name.to_owned(), value, source, is_hidden(setting, source))
        }
    };
    let providers = layers.providers.iter().flat_map(|(id, settings)| {
        settings.iter().map(move |(name, (value, source))| {
            let hidden = *name == "client_secret" || *source == Source::Secret;
            given(format!("providers.{id}.{name}"), value, source, hidden)
        })
    });
    SETTINGS.iter().map(shown).chain(providers).collect()
}

fn given(name: String, value: &toml::Value, source: &Source, hidden: bool) -> Shown {
    let value = match value {
        _ if hidden => json!(REDACTED),
        value => serde_json::to_value(value).unwrap_or_else(|_| json!(value.to_string())),
    };
    Shown { name, value, source: source.to_string() }
}
