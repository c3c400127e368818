//! Every setting there is, by name. Flags, environment variables, the file and
//! the documentation are all made from this one table.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name, with the section before a dot: `mail.url`.
    pub(crate) name: &'static str,
    /// What it is when nobody sets it, in words.
    pub(crate) default: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    /// Whether its value must not be repeated in a message.
    pub(crate) sensitive: bool,
}

impl Setting {
    /// `USERMGMT_MAIL__URL` for `mail.url`.
    pub(crate) fn env_name(&self) -> String {
        format!("{ENV_PREFIX}{}", self.name.replace('.', "__").to_ascii_uppercase())
    }

    /// `mail-url` for `mail.url`; typed as `--mail-url`.
    pub(crate) fn flag_name(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }
}

/// What every variable that is a setting begins with.
pub(crate) const ENV_PREFIX: &str = "USERMGMT_";
/// What variables of the tests begin with; they are no settings.
pub(crate) const TEST_ENV_PREFIX: &str = "USERMGMT_TEST_";

const fn plain(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about, sensitive: false }
}

const fn sensitive(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about, sensitive: true }
}

/// All settings, in the order in which the documentation shows them.
pub(crate) const SETTINGS: &[Setting] = &[
    plain("listen", "127.0.0.1:8080", "Address and port to listen on; port 0 takes a free one"),
    plain(
        "data_dir",
        "./usermgmt-data",
        "Folder of everything the server keeps itself: the SQLite database, the secret, development mail",
    ),
    sensitive(
        "database_url",
        "SQLite in data_dir",
        "Where accounts are kept; the scheme picks the kind of store",
    ),
    plain(
        "database_connections",
        "10",
        "The most connections to an SQL database (1 to 1000); MongoDB has maxPoolSize in its URL",
    ),
    plain(
        "store_timeout",
        "10s",
        "How long a request waits for the store before it is answered 503",
    ),
    plain(
        "public_url",
        "http://{listen}",
        "Where people reach this server; every link in a mail begins with it",
    ),
    plain(
        "frontend_url",
        "public_url",
        "Where your own pages are: the reset link leads to /reset-password there",
    ),
    plain("product_name", "usermgmt", "What mails and pages call your product"),
    sensitive(
        "secret",
        "none",
        "Root secrets in base64, 32 bytes or more, each with its state before a colon: sign (where none is given), verify or unseal-only",
    ),
    plain(
        "secret_file",
        "{data_dir}/secret with SQLite, made at the first start",
        "File of the root secrets, one a line",
    ),
    plain("trusted_proxies", "none", "Addresses or networks whose X-Forwarded-For is believed"),
    plain("access_token_ttl", "15m", "Life of an access token"),
    plain("refresh_token_ttl", "30d", "How long a session lives without being used"),
    plain("session_max_ttl", "90d", "How long a session lives whatever happens"),
    plain(
        "refresh_grace",
        "30s",
        "How long the refresh token before the last is answered with the same successor (0 to 300 seconds)",
    ),
    plain("confirmation_ttl", "24h", "Life of the link that confirms an address"),
    plain(
        "unconfirmed_ttl",
        "7d",
        "How long an unconfirmed registration holds its name and address",
    ),
    plain(
        "activation_ttl",
        "60m",
        "Life of the activation code of an account made through the users API",
    ),
    plain("reset_ttl", "15m", "Life of a password reset link"),
    sensitive(
        "mail.url",
        "dev: on a loopback listener, else required",
        "How mail leaves: dev: writes files and shows them at /dev/mail, console: logs, smtp://, smtps:// and ses:// send",
    ),
    plain(
        "mail.from",
        "no-reply@localhost for dev: and console:, else required",
        "Sender of every mail: an address, or Name <address>",
    ),
    plain(
        "mail.ca_file",
        "none",
        "PEM file with certificates to trust for smtp:// and smtps://, besides the public ones",
    ),
    plain(
        "mail.templates",
        "those built in",
        "Folder with templates and wording in place of the built-in ones",
    ),
    plain(
        "jwt.algorithm",
        "EdDSA",
        "How access tokens are signed: EdDSA (keys at /.well-known/jwks.json) or HS256",
    ),
    sensitive(
        "jwt.hs256_key",
        "none; required with HS256",
        "The HS256 key: the bytes of this text, at least 32",
    ),
    plain(
        "jwt.issuer",
        "public_url",
        "The iss claim of access tokens, required when they are checked",
    ),
    plain(
        "jwt.audience",
        "public_url",
        "The aud claim of access tokens, required when they are checked",
    ),
    plain("mfa.issuer", "product_name", "What authenticator apps show as the account's issuer"),
    plain("cors.origins", "none", "Origins whose pages may call the APIs from a browser"),
    plain(
        "limits.enabled",
        "true",
        "Whether attempts are counted and refused when there are too many",
    ),
    plain(
        "compat.reveal_existing_accounts",
        "false",
        "Registering or resending tells whether an address has an account",
    ),
    plain(
        "compat.fixed_refresh_tokens",
        "false",
        "A refresh token stays the same instead of rotating",
    ),
    plain("compat.confirm_on_get", "false", "Opening a confirmation link confirms at once"),
    plain(
        "compat.no_reauthentication",
        "false",
        "Deleting the account and changing address or factors need no recent sign-in",
    ),
    plain(
        "compat.omit_mfa_secret_field",
        "false",
        "The users API leaves out mfa_secret, which is always null otherwise",
    ),
    plain(
        "compat.free_gender",
        "false",
        "The users API takes any text up to 64 characters as gender",
    ),
    plain(
        "compat.composition_password_rule",
        "false",
        "Passwords need a lower, an upper, a digit and a special character, in place of the check for guessable ones",
    ),
    plain(
        "compat.open_users_api",
        "false",
        "The users API takes calls without a service key; on a loopback listener only",
    ),
    plain(
        "compat.open_users_api_anywhere",
        "false",
        "Lets compat.open_users_api be on although the listener is not loopback",
    ),
    plain("log_format", "text", "How the log is written: text or json"),
];

/// The setting of that name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting whose name is nearest to an unknown one, where one is near.
pub(crate) fn nearest(unknown: &str) -> Option<&'static Setting> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    SETTINGS
        .iter()
        .map(|setting| {
            // A right name in the wrong section, or in none, is near too.
            let likeness = strsim::jaro_winkler(unknown, setting.name)
                .max(strsim::jaro_winkler(&last(unknown), &last(setting.name)) - 0.05);
            (likeness, setting)
        })
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, setting)| setting)
}
