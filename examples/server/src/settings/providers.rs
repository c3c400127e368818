//! `[providers.NAME]`: whose accounts elsewhere sign in here. Names are the
//! operator's, so these settings are in no table of all.

#[cfg(feature = "oidc")]
use std::path::PathBuf;

use toml::Value;

use super::layers::{Layers, Source};
#[cfg(feature = "oidc")]
use super::value::Parse;
#[cfg(feature = "oidc")]
use crate::unreadable::cannot_read;

/// A setting that every provider has.
#[derive(Debug)]
pub(crate) struct ProviderSetting {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) about: &'static str,
    pub(crate) is_secret: bool,
}

const fn setting(
    name: &'static str,
    default: &'static str,
    about: &'static str,
) -> ProviderSetting {
    ProviderSetting { name, default, about, is_secret: false }
}

/// All of them.
pub(crate) const SETTINGS: &[ProviderSetting] = &[
    setting("kind", "oidc", "What it speaks: oidc (OpenID Connect) or github"),
    setting(
        "issuer",
        "required; https://github.com with github",
        "Its issuer, letter by letter as its discovery document has it: https, or http on this machine",
    ),
    setting("client_id", "required", "What it calls this application"),
    ProviderSetting {
        is_secret: true,
        ..setting("client_secret", "required", "What shows it that it is this application")
    },
    setting(
        "client_secret_file",
        "none",
        "File whose text is client_secret, without the last line end",
    ),
    setting(
        "scopes",
        "openid, email, profile; read:user, user:email with github",
        "What is asked for",
    ),
    setting("name", "the provider's name in the settings", "What people call it"),
    setting(
        "trust_email",
        "false",
        "Links an identity to the account whose confirmed address the provider vouches for, unasked: \
         whoever can make it vouch for an address then has its account",
    ),
];

impl Layers {
    /// Takes what a file or a secret has under `providers`: tables, or names with dots.
    pub(super) fn add_providers(&mut self, path: &str, value: Value, source: &Source) {
        if let Value::Table(table) = value {
            for (key, value) in table {
                let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                self.add_providers(&path, value, source);
            }
            return;
        }
        match path.split_once('.') {
            Some((id, name)) => self.add_provider(id, name, value, source),
            None => self.problem(format!(
                "unknown setting `providers.{path}` {source}; each provider has a section, such as [providers.google]"
            )),
        }
    }

    /// Takes `USERMGMT_PROVIDERS__GOOGLE__ISSUER`, of which this is the rest; `false`
    /// where it is nothing like it.
    pub(super) fn add_provider_env(&mut self, rest: &str, value: &str, source: &Source) -> bool {
        let rest = rest.to_ascii_lowercase();
        let Some((id, name)) = rest.split_once("__") else { return false };
        if !value.is_empty() {
            self.add_provider(id, name, Value::String(value.to_owned()), source);
        }
        true
    }

    fn add_provider(&mut self, id: &str, name: &str, value: Value, source: &Source) {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
            return self.problem(format!(
                "unknown setting `providers.{id}.{name}` {source}; there are {}",
                names.join(", ")
            ));
        };
        let given = self.providers.entry(id.to_owned()).or_default();
        let is_of_process =
            matches!(given.get(setting.name), Some((_, Source::Env(_) | Source::Flag(_))));
        if *source != Source::Secret || !is_of_process {
            given.insert(setting.name, (value, source.clone()));
        }
    }
}

#[cfg(feature = "oidc")]
impl Layers {
    /// A setting of a provider, where somebody set it. One that does not parse is a
    /// problem and counts as not set.
    fn provider<T: Parse>(&mut self, id: &str, name: &'static str) -> Option<T> {
        let (value, source) = self.providers.get(id)?.get(name)?;
        match T::parse(value) {
            Ok(parsed) => Some(parsed),
            Err(why) => {
                let hidden = name == "client_secret" || *source == Source::Secret;
                let shown = if hidden { String::new() } else { format!(" = {value}") };
                let problem = format!("providers.{id}.{name}{shown} ({source}): {why}");
                self.problem(problem);
                None
            }
        }
    }

    /// The secret itself, or from the file that is named in its place.
    fn client_secret(&mut self, id: &str) -> Option<String> {
        let given: Option<String> = self.provider(id, "client_secret");
        let file: Option<PathBuf> = self.provider(id, "client_secret_file");
        let Some(path) = file else { return given };
        let named = format!("providers.{id}.client_secret_file");
        if given.is_some() {
            self.problem(format!("{named} and providers.{id}.client_secret are both set: set one"));
            return given;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            Err(error) => {
                self.problem(format!("{named}: {}", cannot_read(&path, &error)));
                None
            }
        }
    }
}

#[cfg(feature = "oidc")]
pub(super) fn read(layers: &mut Layers) -> Vec<usermgmt_core::oidc::ProviderConfig> {
    let ids: Vec<String> = layers.providers.keys().cloned().collect();
    ids.iter().filter_map(|id| read_one(layers, id)).collect()
}

#[cfg(feature = "oidc")]
fn read_one(layers: &mut Layers, id: &str) -> Option<usermgmt_core::oidc::ProviderConfig> {
    use usermgmt_core::oidc::ProviderConfig;
    use usermgmt_core::secret::Redacted;

    let kind: Option<String> = layers.provider(id, "kind");
    let (issuer, client_id) = (layers.provider(id, "issuer"), layers.provider(id, "client_id"));
    let secret = layers.client_secret(id);
    for (name, is_there) in
        [("client_id", client_id.is_some()), ("client_secret", secret.is_some())]
    {
        let is_set = layers.providers.get(id).is_some_and(|given| {
            given.contains_key(name) || given.contains_key(format!("{name}_file").as_str())
        });
        if !is_there && !is_set {
            layers.problem(format!("providers.{id}.{name} is required"));
        }
    }
    let client_id: String = client_id.unwrap_or_default();
    let secret = Redacted::new(secret.unwrap_or_default());
    let mut provider = match kind.as_deref() {
        None | Some("oidc") => {
            let issuer: Option<String> = issuer;
            if issuer.is_none() && !layers.providers.get(id)?.contains_key("issuer") {
                layers.problem(format!("providers.{id}.issuer is required"));
            }
            ProviderConfig::oidc(id, issuer.unwrap_or_default(), client_id, secret)
        }
        Some("github") => {
            let mut github = ProviderConfig::github(id, client_id, secret);
            if let Some(issuer) = issuer {
                github.issuer = issuer;
            }
            github
        }
        Some(other) => {
            layers.problem(format!("providers.{id}.kind = {other}: expected oidc or github"));
            return None;
        }
    };
    if let Some(scopes) = layers.provider(id, "scopes") {
        provider.scopes = scopes;
    }
    if let Some(name) = layers.provider(id, "name") {
        provider.name = name;
    }
    provider.trust_email = layers.provider(id, "trust_email").unwrap_or(false);
    let is_whole = !provider.issuer.is_empty()
        && !provider.client_id.is_empty()
        && !provider.client_secret.expose().is_empty();
    if !is_whole {
        return None;
    }
    if let Err(error) = provider.validate() {
        let dot = if error.field.is_empty() { "" } else { "." };
        layers.problem(format!("providers.{id}{dot}{}: {}", error.field, error.problem));
        return None;
    }
    Some(provider)
}

/// They would be passed over.
#[cfg(not(feature = "oidc"))]
pub(super) fn refuse(layers: &mut Layers) {
    if !layers.providers.is_empty() {
        layers.problem("providers: this program was built without the feature oidc");
    }
}
