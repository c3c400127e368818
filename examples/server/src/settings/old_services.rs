//! The settings of the two services that this server replaces, in their own form:
//! each fills in what nobody set by its name here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use usermgmt_core::secret::Redacted;

use super::layers::Layers;
use crate::unreadable::cannot_read;

/// Where the second service kept variables beside those of the environment.
const DOT_ENV: &str = ".env";
/// The least length that a root secret has, in bytes.
const LEAST_SECRET: usize = 32;

/// Takes what the settings `compat_env` and `settings_json` let in. `folder` is
/// the working folder.
pub(super) fn add(layers: &mut Layers, vars: &[(OsString, OsString)], folder: &Path) {
    if layers.get("compat_env").unwrap_or(false) {
        let mut old = dot_env(layers, &folder.join(DOT_ENV));
        let vars = vars.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        old.extend(vars.map(|(name, value)| (name.to_owned(), value.to_owned())));
        old.retain(|_, value| !value.is_empty());
        add_env(layers, &old);
    }
    if let Some(path) = layers.get::<PathBuf>("settings_json") {
        match read_json(&path) {
            Ok(old) => add_json(layers, &old),
            Err(why) => layers.problem(why),
        }
    }
}

/// By which key of Amazon's, and its secret, the first service asked Secrets Manager:
/// where `settings_json` names a file that has both.
///
/// # Errors
/// The file cannot be read.
pub(super) fn aws_key(layers: &mut Layers) -> Result<Option<(String, Redacted<String>)>, String> {
    let Some(path) = layers.get::<PathBuf>("settings_json") else {
        return Ok(None);
    };
    let old = read_json(&path)?;
    let key = text(&old, "aws_access_key").zip(text(&old, "aws_secret_key"));
    Ok(key.map(|(id, secret)| (id.to_owned(), Redacted::new(secret.to_owned()))))
}

fn encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, NON_ALPHANUMERIC).into()
}

/// `NAME=value` lines; quotes around a value, `export` and comments as in a shell.
fn dot_env(layers: &mut Layers, path: &Path) -> BTreeMap<String, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return BTreeMap::new(),
        Err(error) => {
            layers.problem(format!("compat_env: {}", cannot_read(path, &error)));
            return BTreeMap::new();
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    text.lines().filter_map(dot_env_line).collect()
}

fn dot_env_line(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
    let value = value.trim();
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let inner = value.strip_prefix(quote)?;
        Some(&inner[..inner.find(quote)?])
    });
    let value = quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or(value).trim_end());
    Some((name.trim().to_owned(), value.to_owned()))
}

fn add_env(layers: &mut Layers, old: &BTreeMap<String, String>) {
    let get = |name: &str| old.get(name).map(String::as_str);
    let is_on = |name: &str| {
        get(name).is_some_and(|text| {
            matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on" | "t" | "y")
        })
    };
    if let Some(key) = get("SECRET_KEY") {
        add_secret_key(layers, key, "SECRET_KEY");
    }
    if let Some(url) = mongo_url(&get) {
        layers.add_old("database_url", url, "MONGODB_HOST");
    }
    if let Some(server) = get("MAIL_SERVER") {
        let (scheme, port) = match (is_on("MAIL_USE_SSL"), is_on("MAIL_USE_TLS")) {
            (true, _) => ("smtps", "465"),
            (false, true) => ("smtp", "587"),
            (false, false) => ("smtp", "25"),
        };
        let port = get("MAIL_PORT").unwrap_or(port);
        let user = match (get("MAIL_USERNAME"), get("MAIL_PASSWORD")) {
            (Some(user), Some(password)) => format!("{}:{}@", encoded(user), encoded(password)),
            _ => String::new(),
        };
        // In clear only to this machine, as `mail.url` has it.
        let in_clear = scheme == "smtp" && !is_on("MAIL_USE_TLS") && user.is_empty();
        let local = matches!(server, "localhost" | "127.0.0.1" | "::1");
        let end = if in_clear && local { "?tls=none" } else { "" };
        layers.add_old("mail.url", format!("{scheme}://{user}{server}:{port}{end}"), "MAIL_SERVER");
    }
    if let Some(sender) = get("MAIL_DEFAULT_SENDER") {
        layers.add_old("mail.from", sender.to_owned(), "MAIL_DEFAULT_SENDER");
    }
    for (name, minutes) in [
        ("activation_ttl", "USER_ACTIVATION_EXPIRATION_MINUTES"),
        ("reset_ttl", "RESET_PASSWORD_EXPIRATION_MINUTES"),
    ] {
        if let Some(value) = get(minutes) {
            layers.add_old(name, format!("{value}m"), minutes);
        }
    }
    if let Some(url) = get("FRONTEND_URL") {
        layers.add_old("frontend_url", url.to_owned(), "FRONTEND_URL");
    }
}

/// Either service's key becomes the root secret, where it is long enough for one.
pub(super) fn add_secret_key(layers: &mut Layers, key: &str, old: &str) {
    if layers.is_set("secret_file") {
        return;
    }
    if key.len() >= LEAST_SECRET {
        layers.add_old("secret", STANDARD.encode(key), old);
    } else if !layers.is_set("secret") {
        layers.problem(format!(
            "the old service's {old} has {} characters, and a root secret needs {LEAST_SECRET}: \
             set secret or secret_file (`openssl rand -base64 32` makes one)",
            key.len()
        ));
    }
}

/// The old service took a whole URL for a host too.
fn mongo_url<'a>(get: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let host = match (get("MONGODB_HOST"), get("MONGODB_DB")) {
        (None, None) => return None,
        (host, _) => host.unwrap_or("localhost"),
    };
    if host.starts_with("mongodb://") || host.starts_with("mongodb+srv://") {
        return Some(host.to_owned());
    }
    let port = get("MONGODB_PORT").unwrap_or("27017");
    let db = get("MONGODB_DB").unwrap_or("users_db");
    Some(match (get("MONGODB_USERNAME"), get("MONGODB_PASSWORD")) {
        (Some(user), Some(password)) => format!(
            "mongodb://{}:{}@{host}:{port}/{db}?authSource=admin",
            encoded(user),
            encoded(password)
        ),
        _ => format!("mongodb://{host}:{port}/{db}"),
    })
}

fn read_json(path: &Path) -> Result<BTreeMap<String, serde_json::Value>, String> {
    let unread = |why: String| format!("settings_json: {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // The parser's own message names line and column, and quotes nothing.
    serde_json::from_str(text).map_err(|error| unread(format!("is no JSON object: {error}")))
}

fn text<'a>(old: &'a BTreeMap<String, serde_json::Value>, name: &str) -> Option<&'a str> {
    old.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn add_json(layers: &mut Layers, old: &BTreeMap<String, serde_json::Value>) {
    let get = |name: &str| text(old, name);
    let key = get("mail_access").or_else(|| get("aws_access_key"));
    let secret = get("mail_secret").or_else(|| get("aws_secret_key"));
    if let (Some(key), Some(secret), Some(region)) = (key, secret, get("aws_region_name")) {
        let url = format!("ses://{}:{}@{region}", encoded(key), encoded(secret));
        layers.add_old("mail.url", url, "settings.json");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_dot_env_file_is_read_as_a_shell_reads_it() {
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        for (line, expected) in [
            ("A=b", pair("A", "b")),
            (" export A = 'b c' ", pair("A", "b c")),
            ("A=\"b # c\" # d", pair("A", "b # c")),
            ("A=b#c # d", pair("A", "b#c")),
            ("A=", pair("A", "")),
            ("# A=b", None),
            ("", None),
        ] {
            assert_eq!(dot_env_line(line), expected, "{line}");
        }
    }
}
