//! All settings as they are in force, to be looked at.

use serde_json::{Value, json};

use super::layers::{Layers, is_hidden};
use super::table::{SETTINGS, Setting};

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";

/// A setting, its value and where that comes from.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The setting.
    pub(crate) setting: &'static Setting,
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

/// All of them, in the table's order.
pub(super) fn all(layers: &Layers) -> Vec<Shown> {
    let shown = |setting: &'static Setting| match layers.given(setting.name) {
        None => Shown { setting, value: json!(setting.default), source: "default".to_owned() },
        Some((value, source)) => Shown {
            setting,
            value: match value {
                _ if is_hidden(setting, source) => json!(REDACTED),
                value => serde_json::to_value(value).unwrap_or_else(|_| json!(value.to_string())),
            },
            source: source.to_string(),
        },
    };
    SETTINGS.iter().map(shown).collect()
}
