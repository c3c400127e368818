//! The server's settings: from a TOML file, a secret manager, the environment and
//! flags, in rising order. Whatever is unknown or cannot work stops the start and is named.

mod database;
#[cfg(test)]
mod documented;
mod layers;
mod legacy;
mod limits;
mod look;
#[cfg(test)]
mod obeyed;
mod old_services;
pub(crate) mod providers;
mod schema;
mod secret;
mod secrets;
mod shown;
mod sources;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod value;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use url::Url;
use usermgmt_core::config::{Config, JwtAlgorithm};
use usermgmt_core::secret::Redacted;
use usermgmt_mail::MailSettings;

pub(crate) use self::database::{Database, StoreKind};
use self::layers::Layers;
pub(crate) use self::schema::schema;
pub(crate) use self::secret::{SecretSource, parse_secret_lines};
pub(crate) use self::secrets::FromSecret;
pub(crate) use self::shown::Shown;
pub(crate) use self::sources::Sources;
use self::table::Setting;
use crate::listener::TlsFiles;
use crate::loopback::leads_to_loopback;
use crate::unreadable::cannot_read;

/// Everything the server can be told, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    /// The most connections to it, where that was said.
    pub(crate) database_connections: Option<u32>,
    /// How long one may lie unused, where that was said.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "MongoDB's are in its URL")
    )]
    pub(crate) database_idle_timeout: Option<Duration>,
    /// How long one is used at most, where that was said.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "MongoDB's are in its URL")
    )]
    pub(crate) database_max_lifetime: Option<Duration>,
    pub(crate) secret: SecretSource,
    /// What came from a secret manager, where one is asked.
    pub(crate) from_secret: Option<FromSecret>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) http: Http,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) mail: MailSettings,
    pub(crate) cors_origins: Vec<usermgmt_axum::CorsOrigin>,
    /// Where the pages for administrators are, where that was said.
    pub(crate) admin_path: Option<String>,
    /// How the pages look.
    pub(crate) look: usermgmt_axum::PageLook,
    pub(crate) compat: Compat,
    pub(crate) log_format: LogFormat,
    /// Where new passwords are looked for among breached ones, where they are.
    #[cfg(feature = "breach-check")]
    pub(crate) breach_check: Option<Url>,
    /// Where traces and metrics are sent, where they are.
    #[cfg(feature = "otel")]
    pub(crate) otel_endpoint: Option<Url>,
    /// Where metrics are shown, where they are.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// What the core decides by, but for what depends on where the listener ends up.
    core: Config,
    public_url: Option<Url>,
    jwt_issuer: Option<String>,
    jwt_audience: Option<String>,
    require_mfa: Option<bool>,
    shown: Vec<Shown>,
}

/// How connections are bounded.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) keep_alive: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) max_connections: usize,
}

/// Behaviours of the two old services that only the HTTP layer knows of, each
/// off unless asked for; the others are in the core's configuration.
#[derive(Debug, Default)]
pub(crate) struct Compat {
    pub(crate) confirm_on_get: bool,
    pub(crate) omit_mfa_secret_field: bool,
    pub(crate) free_gender: bool,
    pub(crate) open_users_api: bool,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Why the settings cannot work: everything that was found, a line each.
#[derive(Debug)]
pub(crate) struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// The file that is read when none is named and it exists.
const DEFAULT_FILE: &str = "usermgmt.toml";

impl Settings {
    /// Reads and checks them all.
    ///
    /// # Errors
    /// [`Problems`] lists everything that is wrong, not only the first.
    pub(crate) fn load(
        config: Option<&Path>,
        env: impl IntoIterator<Item = (OsString, OsString)>,
        flags: impl IntoIterator<Item = (&'static Setting, String)>,
    ) -> Result<Self, Problems> {
        let env: Vec<_> = env.into_iter().collect();
        let mut layers = layers(config, &env, flags);
        let Ok(from_secret) = secrets::add(&mut layers) else {
            // What else is missing may be in the secret.
            return Err(Problems(layers.into_problems()));
        };
        old_services::add(&mut layers, &env, Path::new("."));
        layers.read_value_files();
        let mut settings = read(&mut layers);
        settings.from_secret = from_secret;
        if let Err(error) = settings.core(settings.listen).validate() {
            layers.problem(error.to_string());
        }
        match layers.into_problems() {
            problems if problems.is_empty() => Ok(settings),
            problems => Err(Problems(problems)),
        }
    }

    /// Where the server of these settings listens, and by which certificate; nothing
    /// else is looked at, and no secret manager asked.
    ///
    /// # Errors
    /// As of [`Self::load`].
    pub(crate) fn load_listener(
        config: Option<&Path>,
        env: impl IntoIterator<Item = (OsString, OsString)>,
        flags: impl IntoIterator<Item = (&'static Setting, String)>,
    ) -> Result<(SocketAddr, Option<TlsFiles>), Problems> {
        let env: Vec<_> = env.into_iter().collect();
        let mut layers = layers(config, &env, flags);
        let listener = (read_listen(&mut layers), read_tls(&mut layers));
        match layers.into_problems() {
            problems if problems.is_empty() => Ok(listener),
            problems => Err(Problems(problems)),
        }
    }

    /// All of them with their sources, to be looked at; no secret among them.
    pub(crate) fn shown(&self) -> &[Shown] {
        &self.shown
    }

    /// What is wrong with a network of `trusted_proxies` that is all addresses there are,
    /// and how to mend it; `None` where there is none such.
    pub(crate) fn trusted_everybody(&self) -> Option<String> {
        let everybody = self.trusted_proxies.iter().find(|network| network.prefix_len() == 0)?;
        Some(format!(
            "trusted_proxies: {everybody} trusts everybody, so that anybody can name any address \
             in X-Forwarded-For, and no limit by address holds: set it to the proxy's addresses"
        ))
    }

    /// The core's configuration, now that it is known where the server listens.
    pub(crate) fn core(&self, bound: SocketAddr) -> Config {
        let public_url =
            self.public_url.clone().unwrap_or_else(|| url_of(bound, self.tls.is_some()));
        let defaults = Config::new(public_url);
        let mut core = self.core.clone();
        core.admin.require_mfa = self.require_mfa.unwrap_or(defaults.admin.require_mfa);
        core.public_url = defaults.public_url;
        core.jwt.issuer = self.jwt_issuer.clone().unwrap_or(defaults.jwt.issuer);
        core.jwt.audience = self.jwt_audience.clone().unwrap_or(defaults.jwt.audience);
        core
    }
}

/// What the file, the environment and the flags say.
fn layers(
    config: Option<&Path>,
    env: &[(OsString, OsString)],
    flags: impl IntoIterator<Item = (&'static Setting, String)>,
) -> Layers {
    let mut layers = Layers::default();
    let path = config.unwrap_or(Path::new(DEFAULT_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => layers.add_file(path, &text),
        Err(error) if config.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => layers.problem(cannot_read(path, &error)),
    }
    layers.add_env(env);
    for (setting, value) in flags {
        layers.add_flag(setting, value);
    }
    layers
}

#[expect(clippy::expect_used, reason = "an address and port always make a URL")]
fn url_of(addr: SocketAddr, tls: bool) -> Url {
    let scheme = if tls { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{addr}")).expect("an address and port make a URL")
}

/// Takes every setting out of the layers; what does not parse is a problem
/// noted there, and stands at its default meanwhile.
fn read(layers: &mut Layers) -> Settings {
    let listen = read_listen(layers);
    let data_dir = layers.get("data_dir").unwrap_or_else(|| PathBuf::from("./usermgmt-data"));
    let database = match layers.get_with("database_url", Database::parse) {
        Some(database) => database,
        None => {
            if !cfg!(feature = "sqlite") && !layers.is_set("database_url") {
                layers.problem("database_url is required: this program was built without SQLite");
            }
            Database::in_data_dir(&data_dir)
        }
    };
    for (name, instead) in [
        ("database_connections", "maxPoolSize"),
        ("database_idle_timeout", "maxIdleTimeMS"),
        ("database_max_lifetime", "maxIdleTimeMS"),
    ] {
        if database.kind == StoreKind::Mongo && layers.is_set(name) {
            layers.problem(format!("{name} is for SQL databases: set {instead} in database_url"));
        }
    }
    let mut lifetime = |name| {
        let value: Option<Duration> = layers.get(name);
        let bounds = Duration::from_secs(1)..=Duration::from_secs(86_400);
        if value.is_some_and(|value| !bounds.contains(&value)) {
            layers.problem(format!("{name} must be between 1s and 1d"));
        }
        value
    };
    let database_idle_timeout = lifetime("database_idle_timeout");
    let database_max_lifetime = lifetime("database_max_lifetime");
    let public_url = layers.get("public_url");
    let breach_check = read_breach_check(layers);
    #[cfg(not(feature = "breach-check"))]
    if breach_check.is_some() {
        layers.problem("breach_check: this program was built without the feature breach-check");
    }
    let otel_endpoint: Option<Url> = layers.get("otel.endpoint");
    #[cfg(not(feature = "otel"))]
    if otel_endpoint.is_some() {
        layers.problem("otel.endpoint: this program was built without the feature otel");
    }
    Settings {
        #[cfg(feature = "otel")]
        otel_endpoint,
        #[cfg(feature = "breach-check")]
        breach_check,
        database_connections: layers.number("database_connections"),
        database_idle_timeout,
        database_max_lifetime,
        secret: secret::read(layers, &database, &data_dir),
        from_secret: None,
        trusted_proxies: layers.get("trusted_proxies").unwrap_or_default(),
        http: read_http(layers),
        tls: read_tls(layers),
        mail: read_mail(layers, listen, public_url.as_ref(), &data_dir),
        cors_origins: layers.get("cors.origins").unwrap_or_default(),
        admin_path: read_admin_path(layers),
        look: look::read(layers),
        compat: read_compat(layers, listen),
        log_format: match layers.choice("log_format") {
            Some("json") => LogFormat::Json,
            _ => LogFormat::Text,
        },
        metrics_listen: read_metrics_listen(layers, listen),
        core: read_core(layers, listen),
        jwt_issuer: layers.get("jwt.issuer"),
        jwt_audience: layers.get("jwt.audience"),
        require_mfa: layers.get("admin.require_mfa"),
        shown: shown::all(layers),
        public_url,
        listen,
        data_dir,
        database,
    }
}

fn read_listen(layers: &mut Layers) -> SocketAddr {
    layers.get("listen").unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))
}

/// An address that is still free when the server listens.
fn read_metrics_listen(layers: &mut Layers, listen: SocketAddr) -> Option<SocketAddr> {
    let metrics: SocketAddr = layers.get("metrics.listen")?;
    // All addresses of IPv6 are those of IPv4, too.
    let takes = |all: IpAddr, one: IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    let (ip, other) = (metrics.ip(), listen.ip());
    let overlap = ip == other || takes(ip, other) || takes(other, ip);
    if metrics.port() != 0 && metrics.port() == listen.port() && overlap {
        layers.problem(format!(
            "metrics.listen ({metrics}) takes the port of listen ({listen}): set it to another port"
        ));
    }
    Some(metrics)
}

fn read_breach_check(layers: &mut Layers) -> Option<Url> {
    let url: Url = layers.get("breach_check")?;
    let is_private = url.scheme() == "https" || (url.scheme() == "http" && leads_to_loopback(&url));
    if !is_private {
        layers.problem(
            "breach_check must be an https URL (or http on this machine), such as \
             https://api.pwnedpasswords.com/range",
        );
    }
    Some(url)
}

/// What the paths of routes begin with.
const TAKEN: [&str; 12] = [
    "account",
    "activate",
    "api",
    "confirm-email",
    "dev",
    "docs",
    "email",
    "health",
    "not-me",
    "openapi.json",
    "reset-password",
    "sign-in",
];

/// Whether this path begins as that of a route does.
pub(crate) fn begins_a_route(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|part| TAKEN.contains(&part))
}

/// A path that no other route begins with, or the server would not start.
fn read_admin_path(layers: &mut Layers) -> Option<String> {
    let path: String = layers.get("admin.path")?;
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let plain = |part: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain)
    };
    if !path.starts_with('/') || !parts.iter().all(plain) || TAKEN.contains(&parts[0]) {
        layers.problem(
            "admin.path must be a path of letters, digits, - and _ that nothing else is at, such \
             as /web3m-admin",
        );
    }
    Some(path)
}

fn read_http(layers: &mut Layers) -> Http {
    let mut duration = |name, default| {
        let value = layers.get::<Duration>(name).unwrap_or(default);
        if !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&value) {
            layers.problem(format!("{name} must be between 1s and 1h"));
        }
        value
    };
    Http {
        keep_alive: duration("http.keep_alive", Duration::from_secs(75)),
        request_timeout: duration("http.request_timeout", Duration::from_secs(30)),
        max_connections: layers
            .number("http.max_connections")
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(4096),
    }
}

fn read_tls(layers: &mut Layers) -> Option<TlsFiles> {
    match (layers.get("tls.certificate"), layers.get("tls.key")) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        _ => {
            layers.problem("tls.certificate and tls.key go together: set both or none");
            None
        }
    }
}

fn read_core(layers: &mut Layers, listen: SocketAddr) -> Config {
    let mut core = Config::new(url_of(listen, false));
    for (name, ttl) in [
        ("store_timeout", &mut core.store_timeout),
        ("least_request_time", &mut core.least_request_time),
        ("access_token_ttl", &mut core.access_token_ttl),
        ("refresh_token_ttl", &mut core.refresh_token_ttl),
        ("session_max_ttl", &mut core.session_max_ttl),
        ("refresh_grace", &mut core.refresh_grace),
        ("confirmation_ttl", &mut core.confirmation_ttl),
        ("unconfirmed_ttl", &mut core.unconfirmed_ttl),
        ("activation_ttl", &mut core.activation_ttl),
        ("reset_ttl", &mut core.reset_ttl),
        ("audit_ttl", &mut core.audit_ttl),
        ("invitation_ttl", &mut core.invitation_ttl),
        ("admin.reauthentication", &mut core.admin.reauthentication),
        ("jwt.clock_skew", &mut core.jwt.clock_skew),
    ] {
        layers.set_if_given(name, ttl);
    }
    for (name, switch) in [
        ("sign_in.email", &mut core.sign_in.email),
        ("sign_in.email_registers", &mut core.sign_in.email_registers),
        ("sign_in.passkeys", &mut core.sign_in.passkeys),
        ("compat.reveal_existing_accounts", &mut core.compat.reveal_existing_accounts),
        ("compat.fixed_refresh_tokens", &mut core.compat.fixed_refresh_tokens),
        ("compat.no_reauthentication", &mut core.compat.no_reauthentication),
        ("compat.composition_password_rule", &mut core.password_policy.composition),
    ] {
        layers.set_if_given(name, switch);
    }
    limits::read(layers, &mut core.limits);
    layers.set_if_given("product_name", &mut core.product_name);
    core.frontend_url = layers.get("frontend_url");
    core.passkeys.rp_id = layers.get("passkeys.rp_id");
    core.passkeys.origins = layers.get("passkeys.origins").unwrap_or_default();
    core.mfa_issuer = layers.get("mfa.issuer");
    core.jwt.algorithm = read_algorithm(layers);
    core.legacy_tokens = legacy::read(layers);
    #[cfg(feature = "oidc")]
    {
        core.providers = providers::read(layers);
    }
    #[cfg(not(feature = "oidc"))]
    providers::refuse(layers);
    core
}

fn read_algorithm(layers: &mut Layers) -> JwtAlgorithm {
    let chosen = layers.choice("jwt.algorithm").unwrap_or("EdDSA");
    let mut algorithm = if chosen == "ES256" { JwtAlgorithm::Es256 } else { JwtAlgorithm::EdDsa };
    for (name, needed_by) in [("jwt.hs256_key", "HS256"), ("jwt.rs256_key", "RS256")] {
        let key = layers.get_with(name, |value| match value.as_str() {
            Some(text) => Ok(Redacted::new(text.to_owned())),
            None => Err("expected text, in quotes".to_owned()),
        });
        match key {
            Some(key) if chosen == needed_by => {
                let given = match chosen {
                    "HS256" => JwtAlgorithm::Hs256(Redacted::new(key.expose().clone().into_bytes())),
                    _ => JwtAlgorithm::Rs256(key),
                };
                match given.check() {
                    Ok(()) => algorithm = given,
                    Err(error) => layers.problem(format!("{name}: {error}")),
                }
            }
            Some(_) => layers.problem(format!(
                "{name} is set, but jwt.algorithm is {chosen}: set that to {needed_by}, or take the key out"
            )),
            None if chosen == needed_by && !layers.is_set(name) => {
                layers.problem(format!("{name} is required with jwt.algorithm = {needed_by}"));
            }
            None => {}
        }
    }
    algorithm
}

/// What only makes sense while nobody else can reach the server.
const DEV_MAIL: &str = "dev:";

fn read_mail(
    layers: &mut Layers,
    listen: SocketAddr,
    public_url: Option<&Url>,
    data_dir: &Path,
) -> MailSettings {
    let given = layers.get_with("mail.url", |value| {
        let url = value.as_str().ok_or("expected a URL, in quotes")?;
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("dev" | "console" | "smtp" | "smtps" | "ses") => Ok(url.to_owned()),
            _ => Err("expected dev:, console:, smtp://…, smtps://… or ses://…".to_owned()),
        }
    });
    let url = given.unwrap_or_else(|| DEV_MAIL.to_owned());
    let leads_elsewhere =
        !leads_to_loopback(&public_url.cloned().unwrap_or_else(|| url_of(listen, false)));
    if !layers.is_set("mail.url") && !listen.ip().is_loopback() {
        layers.problem(format!(
            "mail.url is required, because {listen} is not loopback: \
             the development mailbox is for this machine alone"
        ));
    } else if url.starts_with(DEV_MAIL) && leads_elsewhere {
        layers.problem(
            "the development mailbox (mail.url = dev:) is for this machine alone, \
             but public_url is not loopback: set mail.url to what delivers your mail",
        );
    }
    let sends = !url.starts_with("dev:") && !url.starts_with("console:");
    if sends && !layers.is_set("mail.from") {
        layers.problem("mail.from is required where mail is sent: the address it comes from");
    }
    let from = layers.get("mail.from").unwrap_or_else(|| "no-reply@localhost".to_owned());
    let mut mail = MailSettings::new(url, from);
    mail.ca_file = layers.get("mail.ca_file");
    mail.templates = layers.get("mail.templates");
    mail.dev_folder = data_dir.join("mail");
    mail
}

fn read_compat(layers: &mut Layers, listen: SocketAddr) -> Compat {
    let mut compat = Compat::default();
    for (name, switch) in [
        ("compat.confirm_on_get", &mut compat.confirm_on_get),
        ("compat.omit_mfa_secret_field", &mut compat.omit_mfa_secret_field),
        ("compat.free_gender", &mut compat.free_gender),
        ("compat.open_users_api", &mut compat.open_users_api),
    ] {
        layers.set_if_given(name, switch);
    }
    let anywhere = layers.get("compat.open_users_api_anywhere").unwrap_or(false);
    if compat.open_users_api && !anywhere && !listen.ip().is_loopback() {
        layers.problem(format!(
            "compat.open_users_api lets everybody who reaches {listen} read and delete users: \
             listen on a loopback address, or set compat.open_users_api_anywhere too"
        ));
    }
    compat
}
