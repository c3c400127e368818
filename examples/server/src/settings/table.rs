//! Every setting there is. Flags, environment variables, the file, its JSON
//! schema, `config print` and the documentation are all made from this one table.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name, with the section before a dot: `mail.url`.
    pub(crate) name: &'static str,
    /// What its values look like.
    pub(crate) kind: Kind,
    /// What it is when nobody sets it: a value, or what decides it in words.
    pub(crate) default: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    /// Whether its value must not be repeated in a message.
    pub(crate) is_secret: bool,
}

/// What the values of a setting look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A file or folder.
    Path,
    /// A URL.
    Url,
    /// A host or IP address, a colon and a port.
    Address,
    /// On or off.
    Switch,
    /// A length of time.
    Duration,
    /// A whole number from `least` to `most`.
    Number {
        /// The least that is taken.
        least: u32,
        /// The most that is taken.
        most: u32,
    },
    /// How many in how long.
    Rate,
    /// How many in how long, a day and in a row.
    Budget,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any number of these things.
    List(&'static str),
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

    const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }
}

/// What every variable that is a setting begins with.
pub(crate) const ENV_PREFIX: &str = "USERMGMT_";
/// What variables of the tests begin with; they are no settings.
pub(crate) const TEST_ENV_PREFIX: &str = "USERMGMT_TEST_";

const fn setting(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { name, kind, default, about, is_secret: false }
}

/// All settings, in the order in which the documentation shows them.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("listen", Kind::Address, "127.0.0.1:8080", "Address and port to listen on; port 0 takes a free one"),
    setting("data_dir", Kind::Path, "./usermgmt-data", "Folder of everything the server keeps itself: the SQLite database, the secret, development mail"),
    setting("database_url", Kind::Url, "SQLite in data_dir", "Where accounts are kept; the scheme picks the kind of store").secret(),
    setting("database_url_file", Kind::Path, "none", "File whose text is database_url, without the last line end"),
    setting("database_connections", Kind::Number { least: 1, most: 1000 }, "10", "The most connections to an SQL database (1 to 1000); MongoDB has maxPoolSize in its URL"),
    setting("database_idle_timeout", Kind::Duration, "10m", "How long a connection to an SQL server may lie unused (1s to 1d); set it below what ends idle connections on the way"),
    setting("database_max_lifetime", Kind::Duration, "30m", "How long a connection to an SQL server is used at most (1s to 1d)"),
    setting("least_request_time", Kind::Duration, "25ms", "How long a request takes at least whose answer must not tell who has an account: longer than its statements usually do (0 to 10s)"),
    setting("store_timeout", Kind::Duration, "10s", "How long a request waits for the store before it is answered 503"),
    setting("public_url", Kind::Url, "http://{listen}", "Where people reach this server; every link in a mail begins with it"),
    setting("frontend_url", Kind::Url, "public_url", "Where your own pages are: the reset link leads to /reset-password there"),
    setting("product_name", Kind::Text, "usermgmt", "What mails and pages call your product"),
    setting("secret", Kind::List("root secrets"), "none", "Root secrets in base64, 32 bytes or more, each with its state before a colon: sign (where none is given), verify or unseal-only").secret(),
    setting("secret_file", Kind::Path, "{data_dir}/secret with SQLite, made at the first start", "File of the root secrets, one a line"),
    setting("secrets.url", Kind::Url, "none", "A secret of AWS Secrets Manager, a JSON object whose keys are names of settings: aws-secretsmanager://REGION/NAME, with ?endpoint=URL for another endpoint than AWS's"),
    setting("secrets.refresh", Kind::Duration, "1h", "How often that secret is read again (1s to 7d): root secrets that changed are taken over"),
    setting("trusted_proxies", Kind::List("networks"), "none", "Addresses or networks whose X-Forwarded-For is believed"),
    setting("http.keep_alive", Kind::Duration, "75s", "How long a connection may be silent between requests; longer than what a balancer in front keeps its own"),
    setting("http.request_timeout", Kind::Duration, "30s", "How long a request may take to arrive whole, and an answer to be taken"),
    setting("http.max_connections", Kind::Number { least: 1, most: 1_000_000 }, "4096, or what the limit on open files leaves", "The most connections; beyond it one that waits for its client goes for each that comes"),
    setting("tls.certificate", Kind::Path, "none", "PEM file of the certificate and those between it and a root; with tls.key the server speaks TLS, HTTP/2 and HTTP/1.1"),
    setting("tls.key", Kind::Path, "none", "PEM file of the certificate's private key"),
    setting("access_token_ttl", Kind::Duration, "15m", "Life of an access token"),
    setting("refresh_token_ttl", Kind::Duration, "30d", "How long a session lives without being used"),
    setting("session_max_ttl", Kind::Duration, "90d", "How long a session lives whatever happens"),
    setting("refresh_grace", Kind::Duration, "30s", "How long the refresh token before the last is still good once the last one has been used (0 to 300 seconds)"),
    setting("confirmation_ttl", Kind::Duration, "24h", "Life of the link that confirms an address"),
    setting("unconfirmed_ttl", Kind::Duration, "7d", "How long an unconfirmed registration holds its name and address"),
    setting("activation_ttl", Kind::Duration, "60m", "Life of the activation code of an account made through the users API"),
    setting("reset_ttl", Kind::Duration, "15m", "Life of a password reset link"),
    setting("audit_ttl", Kind::Duration, "400d", "How long entries of the audit log are kept"),
    setting("invitation_ttl", Kind::Duration, "7d", "Life of the link by which somebody who was invited chooses a password"),
    setting("admin.path", Kind::Text, "/web3m-admin", "Where the pages for administrators are; /admin leads there"),
    setting("admin.require_mfa", Kind::Switch, "on, where public_url is not loopback", "Whether administrators need a second factor for the admin API and its pages"),
    setting("admin.reauthentication", Kind::Duration, "15m", "How recent an administrator's sign-in must be for whatever changes something; 0s for however old"),
    setting("pages.accent", Kind::Text, "#1a56c4", "Colour of buttons and links on the pages, as #rrggbb, dark enough to be read on white; dark screens get a lighter one made of it"),
    setting("pages.logo_file", Kind::Path, "none", "SVG, PNG, JPEG or WebP file, 64 KiB at most, that the pages show in the place of product_name"),
    setting("pages.css_file", Kind::Path, "none", "CSS file, 64 KiB at most, with rules that come behind the pages' own; it loads nothing from other origins"),
    setting("pages.templates", Kind::Path, "those built in", "Folder with texts of the pages, by language, and a layout around them, in place of the built-in ones"),
    setting("mail.url", Kind::Url, "dev: on a loopback listener, else required", "How mail leaves: dev: writes files and shows them at /dev/mail, console: logs, smtp://, smtps:// and ses:// send").secret(),
    setting("mail.url_file", Kind::Path, "none", "File whose text is mail.url, without the last line end"),
    setting("mail.from", Kind::Text, "no-reply@localhost for dev: and console:, else required", "Sender of every mail: an address, or Name <address>"),
    setting("mail.ca_file", Kind::Path, "none", "PEM file with certificates to trust for smtp:// and smtps://, besides the public ones"),
    setting("mail.templates", Kind::Path, "those built in", "Folder with templates and wording in place of the built-in ones"),
    setting("jwt.algorithm", Kind::Choice(&["EdDSA", "ES256", "RS256", "HS256"]), "EdDSA", "How access tokens are signed: EdDSA or ES256 with keys derived from the secret, RS256 with jwt.rs256_key, HS256 with jwt.hs256_key; all but the last publish their keys at /.well-known/jwks.json"),
    setting("jwt.hs256_key", Kind::Text, "none; required with HS256", "The HS256 key: the bytes of this text, at least 32 and not all the same").secret(),
    setting("jwt.hs256_key_file", Kind::Path, "none", "File whose text is jwt.hs256_key, without the last line end"),
    setting("jwt.rs256_key", Kind::Text, "none; required with RS256", "The RS256 key: an RSA private key of 2048 bits or more, in PEM").secret(),
    setting("jwt.rs256_key_file", Kind::Path, "none", "File whose text is jwt.rs256_key, without the last line end"),
    setting("jwt.clock_skew", Kind::Duration, "5s", "How far iat and nbf of access tokens are set back for verifiers whose clock is behind (0 to 60 seconds); exp is not moved"),
    setting("jwt.issuer", Kind::Text, "public_url", "The iss claim of access tokens, required when they are checked"),
    setting("jwt.audience", Kind::Text, "public_url", "The aud claim of access tokens, required when they are checked"),
    setting("legacy.jwt_key", Kind::Text, "none", "The key that the first old service signed its tokens with (the bytes of this text): they count until legacy.jwt_until").secret(),
    setting("legacy.jwt_key_file", Kind::Path, "none", "File whose text is legacy.jwt_key, without the last line end"),
    setting("legacy.jwt_until", Kind::Text, "none; required with legacy.jwt_key", "When the old service's tokens end, such as 2026-12-31T12:00:00Z; at most 31 days ahead"),
    setting("legacy.jwt_weak_key", Kind::Switch, "false", "Takes a legacy.jwt_key of fewer than 32 bytes: whoever guesses it is every imported user"),
    setting("mfa.issuer", Kind::Text, "product_name", "What authenticator apps show as the account's issuer"),
    setting("breach_check", Kind::Url, "none", "Where new passwords are looked for among breached ones, by the first five digits of their SHA-1: https://api.pwnedpasswords.com/range, or a mirror; without an answer in a second they pass"),
    setting("sign_in.email", Kind::Switch, "false", "Signing in by a code or link that is mailed"),
    setting("sign_in.email_registers", Kind::Switch, "false", "Signing in by mail makes an account for an address that has none"),
    setting("sign_in.passkeys", Kind::Switch, "false", "Signing in by passkeys (WebAuthn)"),
    setting("passkeys.rp_id", Kind::Text, "the host of public_url", "The domain that passkeys belong to: the host of the pages or a domain above it, such as example.org; whoever changes it makes all passkeys useless"),
    setting("passkeys.origins", Kind::List("origins"), "those of public_url and frontend_url", "The origins of pages with passkeys, such as https://app.example.org: at passkeys.rp_id or below it"),
    setting("cors.origins", Kind::List("origins"), "none", "Origins whose pages may call the account API from a browser, such as https://app.example.org, or https://*.example.org for any one label"),
    setting("limits.enabled", Kind::Switch, "true", "Whether attempts are counted and refused when there are too many"),
    setting("limits.sign_in_account", Kind::Budget, "50/1h, 75/day, 100/row", "Failed sign-ins with one account by strangers; at most 100 in a row (NIST SP 800-63B, 3.2.2); beyond it only a device that its owner has used, or a reset by mail, gets in"),
    setting("limits.sign_in_device", Kind::Budget, "20/15m, 50/day, 100/row", "Failed sign-ins from one device that the owner has used: strangers do not use it up"),
    setting("limits.sign_in_pair", Kind::Rate, "10/15m", "Failed sign-ins with one name from one client, then 429; a right password gets in all the same"),
    setting("limits.sign_in_client", Kind::Rate, "100/15m", "Failed sign-ins with any name from one client, then 429: more than an office behind one address needs"),
    setting("limits.mfa_account", Kind::Budget, "10/15m, 30/day, 100/row", "Wrong second factors with one account: six digits are guessed more easily than passwords"),
    setting("limits.mfa_device", Kind::Budget, "10/15m, 30/day, 100/row", "The same from one device that the owner has used: strangers do not use it up, and whoever has the device guesses no more than they"),
    setting("limits.user_secret", Kind::Budget, "10/15m, 50/day, 100/row", "Wrong current passwords in one session, wrong codes in one session, and wrong codes that services verify for one user, each counted by itself: room for who mistypes, none for whoever took the session or the password"),
    setting("limits.notify_after", Kind::Number { least: 1, most: 1000 }, "10", "After how many failed sign-ins the owner is told, once a day: more than who mistypes makes, long before strangers have used up theirs"),
    setting("limits.notify_after_mfa", Kind::Number { least: 1, most: 1000 }, "5", "After how many wrong second factors in a day the owner is told: whoever gets there knows the password"),
    setting("limits.mail_identifier", Kind::Rate, "7/15m", "Mails of one kind queued for one address on request; beyond it none is queued while the mailbox has a link that is good"),
    setting("limits.mail_client", Kind::Rate, "120/1h", "Requests for mail from one client: a class that asks together, and no more"),
    setting("limits.mail_recipient", Kind::Rate, "20/1h", "Mails to one address that strangers can cause; more are put off: what two kinds may come to, so that many kinds together flood no mailbox"),
    setting("limits.mail_recipient_kind", Kind::Rate, "10/1h", "Mails of one kind to one address; more are put off: more than anybody waits for, too few to flood a mailbox"),
    setting("limits.register_client", Kind::Rate, "120/1h", "Registrations from one client: a class that signs up together, and no more"),
    setting("limits.code_identifier", Kind::Rate, "20/1d", "Tries of mailed codes with one address: eight digits are not guessed in 20 tries a day"),
    setting("limits.token_client", Kind::Rate, "300/15m", "Tries of links, tokens and codes from one client: wide enough for an office behind one address, since codes that can be guessed have limits of their own"),
    setting("limits.ipv6_site", Kind::Number { least: 1, most: 65_536 }, "10", "How many times as much as one client (an IPv6 /64) a whole IPv6 /48 may do"),
    setting("compat.reveal_existing_accounts", Kind::Switch, "false", "Registering or resending tells whether an address has an account"),
    setting("compat.fixed_refresh_tokens", Kind::Switch, "false", "A refresh token stays the same instead of rotating"),
    setting("compat.confirm_on_get", Kind::Switch, "false", "Opening a confirmation link confirms at once"),
    setting("compat.no_reauthentication", Kind::Switch, "false", "Deleting the account and changing address or factors need no recent sign-in"),
    setting("compat.omit_mfa_secret_field", Kind::Switch, "false", "The users API leaves out mfa_secret, which is always null otherwise"),
    setting("compat.free_gender", Kind::Switch, "false", "The users API takes any text up to 64 characters as gender"),
    setting("compat.composition_password_rule", Kind::Switch, "false", "Passwords need a lower, an upper, a digit and a special character, in place of the check for guessable ones"),
    setting("compat.open_users_api", Kind::Switch, "false", "The users API takes calls without a service key; on a loopback listener only"),
    setting("compat.open_users_api_anywhere", Kind::Switch, "false", "Lets compat.open_users_api be on although the listener is not loopback"),
    setting("compat_env", Kind::Switch, "false", "Reads the environment (and a .env file) of the second old service where nothing else is set"),
    setting("settings_json", Kind::Path, "none", "The first old service's settings.json, read where nothing else is set"),
    setting("metrics.listen", Kind::Address, "none", "Address and port where metrics are shown to Prometheus, at /metrics; not for strangers"),
    setting("otel.endpoint", Kind::Url, "none", "Where traces and metrics are sent by OTLP over HTTP: below it are v1/traces and v1/metrics"),
    setting("log_format", Kind::Choice(&["text", "json"]), "text", "How the log is written: text or json"),
];

/// The setting of that name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting that names a file with the value of this one. The root secrets'
/// file is read by itself: it has an entry a line, and may be made.
pub(crate) fn file_variant(of: &Setting) -> Option<&'static Setting> {
    (of.is_secret && of.name != "secret").then(|| find(&format!("{}_file", of.name)))?
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
