//! Settings from a secret manager: `secrets.url` and `secrets.refresh`.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Value;
use usermgmt_core::secret::Redacted;

use super::layers::Layers;
use super::old_services;
#[cfg(feature = "aws-secrets")]
use crate::aws_secrets::fetch;

/// What a secret said when it was read.
#[derive(Clone, Debug)]
pub(crate) struct FromSecret {
    refresh: Duration,
    /// By the name that it has in the secret.
    values: BTreeMap<String, Redacted<String>>,
    overridden: Vec<String>,
}

impl FromSecret {
    /// How often it is to be read again.
    pub(crate) const fn refresh(&self) -> Duration {
        self.refresh
    }

    /// What it has.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// What it has that does not count, because this process was told otherwise.
    pub(crate) fn overridden(&self) -> Vec<&str> {
        self.overridden.iter().map(String::as_str).collect()
    }

    /// What `now` has otherwise, the root secrets aside.
    pub(crate) fn changed<'a>(&'a self, now: &'a Self) -> Vec<&'a str> {
        let same = |name: &str| self.values.get(name) == now.values.get(name);
        let added = now.names().filter(|name| !self.values.contains_key(*name));
        let names = self.names().chain(added);
        names.filter(|name| !matches!(*name, "secret" | "secret_key") && !same(name)).collect()
    }
}

/// The secret cannot be had; the layers' problems say why.
#[derive(Debug)]
pub(super) struct Unread;

/// Asks for the secret, where one is named, and takes its settings: over those of
/// the file, under those of the environment and the flags.
pub(super) fn add(layers: &mut Layers) -> Result<Option<FromSecret>, Unread> {
    let refresh = layers.get("secrets.refresh").unwrap_or(Duration::from_secs(3600));
    if !(Duration::from_secs(1)..=Duration::from_secs(7 * 86_400)).contains(&refresh) {
        layers.problem("secrets.refresh must be between 1s and 7d");
    }
    if !layers.is_set("secrets.url") {
        return Ok(None);
    }
    let key = old_services::aws_key(layers).map_err(|why| {
        layers.problem(why);
        Unread
    })?;
    let table = layers.get_with("secrets.url", |value| {
        fetch(value.as_str().ok_or("expected a URL, in quotes")?, key.as_ref())
    });
    let mut table = table.ok_or(Unread)?;
    // As with variables of the environment.
    table.retain(|_, value| value.as_str() != Some(""));
    let values: BTreeMap<_, _> = flat(&table).collect();
    if let Some(name) = values.keys().find(|name| name.starts_with("secrets.")) {
        layers.problem(format!("{name} cannot be set in the secret of secrets.url itself"));
        return Err(Unread);
    }
    let old = ["secret_key", "jwt_key", "my_sql_connection"].map(|name| match table.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    });
    layers.add_secret(table);
    let overridden = values.keys().filter(|name| layers.is_of_process(name)).cloned().collect();
    add_old(layers, old);
    Ok(Some(FromSecret { refresh, values, overridden }))
}

/// What the first old service kept in its secret.
fn add_old(layers: &mut Layers, [secret_key, jwt_key, database]: [Option<String>; 3]) {
    if let Some(key) = secret_key {
        old_services::add_secret_key(layers, &key, "secret_key");
    }
    // Without an end to its tokens it signs nothing that counts here.
    if let Some(key) = jwt_key.filter(|_| layers.is_set("legacy.jwt_until")) {
        layers.add_old("legacy.jwt_key", key, "jwt_key");
    }
    if let Some(url) = database {
        layers.add_old("database_url", without_driver(&url), "my_sql_connection");
    }
}

/// SQLAlchemy names its driver behind a plus sign.
fn without_driver(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            format!("{}://{rest}", scheme.split('+').next().unwrap_or(scheme))
        }
        None => url.to_owned(),
    }
}

/// Every value by the name of its setting, those of sections too.
fn flat(table: &toml::Table) -> impl Iterator<Item = (String, Redacted<String>)> {
    table.iter().flat_map(|(name, value)| match value {
        Value::Table(inner) => inner
            .iter()
            .map(|(key, value)| (format!("{name}.{key}"), Redacted::new(value.to_string())))
            .collect(),
        value => vec![(name.clone(), Redacted::new(value.to_string()))],
    })
}

#[cfg(not(feature = "aws-secrets"))]
fn fetch(_: &str, _: Option<&(String, Redacted<String>)>) -> Result<toml::Table, String> {
    Err("this program was built without the feature aws-secrets: build it with \
         --features aws-secrets"
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_secret(json: &str) -> FromSecret {
        let table: toml::Table = serde_json::from_str(json).unwrap();
        let values = flat(&table).collect();
        FromSecret { refresh: Duration::from_secs(3600), values, overridden: vec![] }
    }

    #[test]
    fn what_takes_a_restart_is_named_and_root_secrets_are_not_among_it() {
        let before = from_secret(r#"{"secret":"a","mail.url":"b","product_name":"c","x":"d"}"#);
        let now = from_secret(r#"{"secret":"A","mail":{"url":"B"},"product_name":"c","y":"d"}"#);
        assert_eq!(before.changed(&now), ["mail.url", "x", "y"]);
    }

    #[test]
    fn what_a_secret_has_is_not_shown_by_debug() {
        let debug = format!("{:?}", from_secret(r#"{"mail":{"url":"hunter2"},"a":"hunter2"}"#));
        assert!(!debug.contains("hunter2"), "{debug}");
    }

    #[test]
    fn a_database_is_named_without_sqlalchemys_driver() {
        for (url, expected) in [
            ("mysql+pymysql://u:p+q@db/accounts", "mysql://u:p+q@db/accounts"),
            ("postgresql://db/accounts", "postgresql://db/accounts"),
            ("db", "db"),
        ] {
            assert_eq!(without_driver(url), expected);
        }
    }
}
