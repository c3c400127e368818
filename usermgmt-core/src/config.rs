//! Policies: what an embedder or operator may decide, checked once on build.

mod passkeys;

use std::time::Duration;

use url::{Host, Url};

pub use self::passkeys::PasskeyPolicy;
use crate::clock::Timestamp;
use crate::model::identifier::EmailDomains;
use crate::model::token::Purpose;
use crate::password::{HasherConfig, PasswordPolicy};
use crate::secret::Redacted;

/// How long short codes are good.
pub const CODE_TTL: Duration = Duration::from_secs(10 * 60);
/// How long a mailed link to sign in is good, as the code beside it.
pub const EMAIL_SIGN_IN_TTL: Duration = CODE_TTL;
/// How long a change of address can be undone from the old one.
pub const EMAIL_UNDO_TTL: Duration = Duration::from_secs(7 * 86_400);
/// How recent a sign-in must be for what else needs the current password.
pub const REAUTHENTICATION_WINDOW: Duration = Duration::from_secs(15 * 60);
/// How long the ticket between password and second factor is good.
pub const MFA_TICKET_TTL: Duration = Duration::from_secs(5 * 60);
/// How long somebody may take at a provider that signs them in.
pub const PROVIDER_SIGN_IN_TTL: Duration = Duration::from_secs(10 * 60);
/// How long a front end has to fetch what came of a sign-in by a provider.
pub const SIGN_IN_EXCHANGE_TTL: Duration = Duration::from_secs(60);
/// How long a passkey's challenge is good.
pub const PASSKEY_TTL: Duration = Duration::from_secs(5 * 60);
/// How long a device token is good.
pub const DEVICE_TTL: Duration = Duration::from_secs(365 * 86_400);
/// How many tries a short code or a ticket takes.
pub const CODE_TRIES: i64 = 5;

/// Every policy of the core. [`Config::new`] gives the defaults; fields can be
/// set before it is handed to the builder, which checks them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What mails and authenticator apps call the product.
    pub product_name: String,
    /// Where people reach the server: links in mails begin with it.
    pub public_url: Url,
    /// Where the host's own pages are; the reset link leads there when set.
    pub frontend_url: Option<Url>,
    /// How long an access token is good. Default 15 minutes.
    pub access_token_ttl: Duration,
    /// How long a session lives without being used. Default 30 days.
    pub refresh_token_ttl: Duration,
    /// How long a session lives at most. Default 90 days.
    pub session_max_ttl: Duration,
    /// How long the previous refresh token still gets the same successor once
    /// that one has been used; until then it does anyway, since the reply may be
    /// lost. Default 30 seconds, at most 300; zero for not at all.
    pub refresh_grace: Duration,
    /// How long a confirmation link is good. Default 24 hours.
    pub confirmation_ttl: Duration,
    /// How long an activation code is good. Default 60 minutes.
    pub activation_ttl: Duration,
    /// How long an account may stay unconfirmed. Default 7 days.
    pub unconfirmed_ttl: Duration,
    /// How long a reset link is good. Default 15 minutes.
    pub reset_ttl: Duration,
    /// How long entries of the audit log are kept. Default 400 days.
    pub audit_ttl: Duration,
    /// How long the link is good by which an invited person chooses a password.
    /// Default 7 days.
    pub invitation_ttl: Duration,
    /// What administrators must have done before they may do anything.
    pub admin: AdminPolicy,
    /// How long a request takes at least whose answer must not tell who has an
    /// account (forgotten password, confirmation again): longer than its statements
    /// usually do, so that what they cost does not show. Default 25 ms.
    pub least_request_time: Duration,
    /// How long to wait for the store before answering that it is unavailable.
    /// Default 10 seconds.
    pub store_timeout: Duration,
    /// Access tokens.
    pub jwt: JwtConfig,
    /// What authenticator apps show as the issuer; the product's name where not set.
    pub mfa_issuer: Option<String>,
    /// Ways to sign in besides the password.
    pub sign_in: SignInMethods,
    /// Whose accounts elsewhere sign in here.
    #[cfg(feature = "oidc")]
    pub providers: Vec<crate::oidc::ProviderConfig>,
    /// Where passkeys are good.
    pub passkeys: PasskeyPolicy,
    /// Limits on attempts.
    pub limits: Limits,
    /// Which passwords are accepted.
    pub password_policy: PasswordPolicy,
    /// How passwords are hashed.
    pub hasher: HasherConfig,
    /// Behaviours of the services that this project replaces.
    pub compat: Compat,
    /// The tokens of the service before this one, while people come over.
    pub legacy_tokens: Option<LegacyTokens>,
}

/// Tokens that the first of the old services signed (HS256), for the change-over:
/// nobody is signed out by it. They count for imported users alone who are no
/// admins, have no second factor, and of whom nothing that ends sessions has
/// changed since the import.
#[derive(Clone, Debug)]
pub struct LegacyTokens {
    /// The key they are signed with: 32 bytes or more (RFC 7518, 3.2).
    pub key: Redacted<Vec<u8>>,
    /// From when on they count no more; at most [`LEGACY_TOKENS_MAX`] ahead.
    pub until: Timestamp,
    /// Takes a shorter key too. Whoever guesses it is every imported user.
    pub allow_weak_key: bool,
}

/// How far ahead the end of [`LegacyTokens`] may lie: a day more than the old
/// refresh tokens live.
pub const LEGACY_TOKENS_MAX: Duration = Duration::from_secs(31 * 86_400);

impl LegacyTokens {
    /// Checks the key, and the end against the present.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn validate(&self, now: Timestamp) -> Result<(), ConfigError> {
        let length = self.key.expose().len();
        if length == 0 || (length < 32 && !self.allow_weak_key) {
            return Err(ConfigError::new(
                "legacy.jwt_key",
                format!(
                    "has {length} bytes, fewer than the 32 that HS256 needs; if the old service \
                     really signed with it, `legacy.jwt_weak_key = true` takes it: whoever \
                     guesses it is every imported user"
                ),
            ));
        }
        if self.until > now + LEGACY_TOKENS_MAX {
            return Err(ConfigError::new(
                "legacy.jwt_until",
                "must be at most 31 days ahead: old refresh tokens live for 30",
            ));
        }
        Ok(())
    }
}

/// Ways to sign in besides the password, each off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInMethods {
    /// By a code or a link that is mailed.
    pub email: bool,
    /// So signs in, too, who has no account yet: it makes one, confirmed, without
    /// a password and with a username that can be changed.
    pub email_registers: bool,
    /// By a passkey (WebAuthn Level 3). Needs the feature `passkeys`.
    pub passkeys: bool,
}

/// What administrators must have done before they may do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminPolicy {
    /// Whether their session needs a second factor. Default on where the public
    /// URL is not on this machine.
    pub require_mfa: bool,
    /// How recent their sign-in must be for whatever changes something. Default
    /// 15 minutes; zero for however old.
    pub reauthentication: Duration,
}

/// How access tokens are signed.
#[derive(Clone, Debug)]
pub struct JwtConfig {
    /// The algorithm and, for HS256, its key.
    pub algorithm: JwtAlgorithm,
    /// The `iss` claim. Default: the public URL.
    pub issuer: String,
    /// The `aud` claim. Default: the public URL.
    pub audience: String,
    /// How far `iat` and `nbf` are set back, so that a verifier whose clock is
    /// behind takes a fresh token. Expiry does not move. Default 5 seconds, at most 60.
    pub clock_skew: Duration,
}

/// The algorithm of access tokens.
#[derive(Clone, Debug)]
pub enum JwtAlgorithm {
    /// Ed25519 (RFC 8037) with a key derived from the root secret; the public
    /// key is in the JWK set.
    EdDsa,
    /// ECDSA with P-256 (RFC 7518, 3.4) with a key derived from the root secret;
    /// the public key is in the JWK set.
    Es256,
    /// RSA (RFC 7518, 3.3) with this private key in PEM, of 2048 bits or more;
    /// the public key is in the JWK set. For verifiers that know nothing else:
    /// signing takes some twenty times as long as with the others.
    Rs256(Redacted<String>),
    /// HMAC-SHA-256 (RFC 7518, 3.2) with this key of at least 32 bytes.
    Hs256(Redacted<Vec<u8>>),
}

/// Limits on attempts. Attempts that succeed are given back. No limit by address
/// refuses a right password, or a device that the owner has used.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whether any limit holds. Off for tests, and for embedders with limits of
    /// their own; the tries of a short code and of a second factor's ticket
    /// hold even then.
    pub enabled: bool,
    /// Failed sign-ins with one identifier from one client address, after which
    /// further ones are answered with a refusal; a right password gets in all the
    /// same. Default 10 in 15 minutes.
    pub sign_in_pair: Rate,
    /// The same from one client address with any identifier. Default 100 in 15 minutes.
    pub sign_in_client: Rate,
    /// Failed sign-ins with one account from anywhere, by whatever name. Beyond
    /// them only devices that the owner has used sign in. Default 50 in an hour,
    /// 75 a day, 100 in a row.
    pub sign_in_account: Budget,
    /// Failed sign-ins from one device that the owner has used. Default 20 in 15
    /// minutes, 50 a day, 100 in a row.
    pub sign_in_device: Budget,
    /// Wrong second factors at sign-in with one account. Beyond them only devices
    /// that the owner has used get past it, until the password is reset by mail.
    /// Default 10 in 15 minutes, 30 a day, 100 in a row.
    pub mfa_account: Budget,
    /// The same from one device that the owner has used.
    pub mfa_device: Budget,
    /// Wrong current passwords and second factors of one session, and second
    /// factors that a service verifies for one user. Default 10 in 15 minutes, 50
    /// a day, 100 in a row.
    pub user_secret: Budget,
    /// After how many failed sign-ins the owner is told, once a day. Default 10.
    pub notify_after: i64,
    /// After how many wrong second factors in a day the owner is told that
    /// somebody knows the password. Default 5.
    pub notify_after_mfa: i64,
    /// Mails of one kind that are queued for one address on request. Beyond them
    /// another request queues none where the mailbox has a link that is good, and
    /// is answered as ever. Default 7 in 15 minutes.
    pub mail_identifier: Rate,
    /// Mails asked for from one client address. Default 120 in an hour.
    pub mail_client: Rate,
    /// Mails sent to one address that strangers who know it can cause; more
    /// are put off until the window ends. Default 20 in an hour.
    pub mail_recipient: Rate,
    /// Mails of one kind sent to one address; more are put off until the window
    /// ends, which for reset links is no longer than they live. Default 10 in an
    /// hour.
    pub mail_recipient_kind: Rate,
    /// Registrations from one client address. Default 120 in an hour.
    pub register_client: Rate,
    /// Tries of short codes with one address. Default 20 a day.
    pub code_identifier: Rate,
    /// Tries of tokens and codes from one client address. Default 300 in 15 minutes.
    pub token_client: Rate,
    /// How many times as much as one client all clients of an IPv6 /48 may do
    /// together; a client is a /64. Default 10.
    pub ipv6_site: i64,
}

/// So many in a window that begins with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many are let through.
    pub max: i64,
    /// How long the window is.
    pub window: Duration,
}

impl Rate {
    /// So many in so many minutes.
    pub const fn per_minutes(max: i64, minutes: u64) -> Self {
        Self { max, window: Duration::from_secs(minutes * 60) }
    }
}

/// A budget of failures that grows slower the longer they go on (NIST SP 800-63B,
/// 3.2.2): so many at once, so many a day, so many in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// At once.
    pub first: Rate,
    /// In a day.
    pub per_day: i64,
    /// In a row, however long that takes: until a success, or a reset by mail.
    pub in_a_row: i64,
}

/// The most failures in a row that a budget may have (NIST SP 800-63B, 3.2.2).
const MOST_IN_A_ROW: i64 = 100;

const SECOND_FACTOR: Budget =
    Budget { first: Rate::per_minutes(10, 15), per_day: 30, in_a_row: 100 };

impl Limits {
    /// Checks that each lets something through, and that no budget is beyond what
    /// NIST SP 800-63B (3.2.2) allows: 100 failures in a row.
    fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |setting, problem: &str| Err(ConfigError::new(setting, problem));
        let day = days(1);
        let rate_is_wrong =
            |rate: Rate| rate.max < 1 || rate.window < Duration::from_secs(1) || rate.window > day;
        for (setting, rate) in [
            ("limits.sign_in_pair", self.sign_in_pair),
            ("limits.sign_in_client", self.sign_in_client),
            ("limits.mail_identifier", self.mail_identifier),
            ("limits.mail_client", self.mail_client),
            ("limits.mail_recipient", self.mail_recipient),
            ("limits.mail_recipient_kind", self.mail_recipient_kind),
            ("limits.register_client", self.register_client),
            ("limits.code_identifier", self.code_identifier),
            ("limits.token_client", self.token_client),
        ] {
            if rate_is_wrong(rate) {
                return wrong(setting, "must be 1 or more in a window from 1s to 1d");
            }
        }
        for (setting, budget) in [
            ("limits.sign_in_account", self.sign_in_account),
            ("limits.sign_in_device", self.sign_in_device),
            ("limits.mfa_account", self.mfa_account),
            ("limits.mfa_device", self.mfa_device),
            ("limits.user_secret", self.user_secret),
        ] {
            if rate_is_wrong(budget.first) || budget.per_day < 1 {
                return wrong(setting, "must be 1 or more in a window from 1s to 1d");
            }
            if !(1..=MOST_IN_A_ROW).contains(&budget.in_a_row) {
                return wrong(setting, "must be 1 to 100 in a row (NIST SP 800-63B, 3.2.2)");
            }
        }
        if self.ipv6_site < 1 {
            return wrong("limits.ipv6_site", "must be 1 or more");
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            sign_in_pair: Rate::per_minutes(10, 15),
            sign_in_client: Rate::per_minutes(100, 15),
            sign_in_account: Budget {
                first: Rate::per_minutes(50, 60),
                per_day: 75,
                in_a_row: 100,
            },
            sign_in_device: Budget { first: Rate::per_minutes(20, 15), per_day: 50, in_a_row: 100 },
            mfa_account: SECOND_FACTOR,
            mfa_device: SECOND_FACTOR,
            user_secret: Budget { first: Rate::per_minutes(10, 15), per_day: 50, in_a_row: 100 },
            notify_after: 10,
            notify_after_mfa: 5,
            mail_identifier: Rate::per_minutes(7, 15),
            mail_client: Rate::per_minutes(120, 60),
            mail_recipient: Rate::per_minutes(20, 60),
            mail_recipient_kind: Rate::per_minutes(10, 60),
            register_client: Rate::per_minutes(120, 60),
            code_identifier: Rate::per_minutes(20, 24 * 60),
            token_client: Rate::per_minutes(300, 15),
            ipv6_site: 10,
        }
    }
}

/// Old behaviours, each off by default because the safe one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compat {
    /// Registering or resending tells whether an address has an account.
    pub reveal_existing_accounts: bool,
    /// Refresh tokens are not rotated.
    pub fixed_refresh_tokens: bool,
    /// Changing the address, deleting the account and the second factor need
    /// neither a recent sign-in nor the current password.
    pub no_reauthentication: bool,
}

/// A policy that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct ConfigError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl ConfigError {
    fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self { setting, problem: problem.into() }
    }

    #[cfg(feature = "oidc")]
    pub(crate) fn without_http_client() -> Self {
        Self::new("providers", "need an HTTP client (AuthBuilder::http_client)")
    }
}

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 86_400)
}

impl Config {
    /// The defaults for a server that people reach at `public_url`.
    pub fn new(public_url: Url) -> Self {
        let origin = public_url.as_str().trim_end_matches('/').to_owned();
        let require_mfa = !leads_here(&public_url);
        Self {
            product_name: "usermgmt".to_owned(),
            public_url,
            frontend_url: None,
            access_token_ttl: minutes(15),
            refresh_token_ttl: days(30),
            session_max_ttl: days(90),
            refresh_grace: Duration::from_secs(30),
            confirmation_ttl: days(1),
            activation_ttl: minutes(60),
            unconfirmed_ttl: days(7),
            reset_ttl: minutes(15),
            audit_ttl: days(400),
            invitation_ttl: days(7),
            admin: AdminPolicy { require_mfa, reauthentication: REAUTHENTICATION_WINDOW },
            least_request_time: Duration::from_millis(25),
            store_timeout: Duration::from_secs(10),
            jwt: JwtConfig {
                algorithm: JwtAlgorithm::EdDsa,
                issuer: origin.clone(),
                audience: origin,
                clock_skew: Duration::from_secs(5),
            },
            mfa_issuer: None,
            sign_in: SignInMethods::default(),
            #[cfg(feature = "oidc")]
            providers: Vec::new(),
            passkeys: PasskeyPolicy::default(),
            limits: Limits::default(),
            password_policy: PasswordPolicy::default(),
            hasher: HasherConfig::default(),
            compat: Compat::default(),
            legacy_tokens: None,
        }
    }

    /// Which domains addresses may have: those without a dot only where people
    /// reach the server on this machine alone.
    pub fn email_domains(&self) -> EmailDomains {
        if leads_here(&self.public_url) { EmailDomains::Local } else { EmailDomains::Public }
    }

    /// Where a mailed link leads.
    pub(crate) fn link(&self, purpose: Purpose, token: &Redacted<String>) -> Redacted<String> {
        let public = self.public_url.as_str().trim_end_matches('/');
        let frontend = self.frontend_url.as_ref().unwrap_or(&self.public_url);
        let frontend = frontend.as_str().trim_end_matches('/');
        let token = token.expose();
        Redacted::new(match purpose {
            Purpose::Reset | Purpose::ChoosePassword => {
                format!("{frontend}/reset-password?token={token}")
            }
            Purpose::EmailSignIn => format!("{frontend}/sign-in/email?token={token}"),
            Purpose::EmailChange => format!("{public}/email/confirm?token={token}"),
            Purpose::EmailUndo => format!("{public}/email/undo?token={token}"),
            Purpose::NotMe => format!("{public}/not-me?token={token}"),
            Purpose::Activation => format!("{public}/activate?token={token}"),
            // Those that are not mailed have no link.
            Purpose::Confirm
            | Purpose::MfaTicket
            | Purpose::LegacyRefresh
            | Purpose::ProviderSignIn
            | Purpose::SignInExchange
            | Purpose::PasskeyRegistration
            | Purpose::PasskeySignIn => {
                format!("{public}/confirm-email/{token}")
            }
        })
    }

    /// Checks every policy.
    ///
    /// # Errors
    /// The first [`ConfigError`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        let year = days(366);
        for (setting, value, least, most) in [
            ("access_token_ttl", self.access_token_ttl, Duration::from_secs(1), days(1)),
            ("refresh_token_ttl", self.refresh_token_ttl, Duration::from_secs(1), year),
            ("session_max_ttl", self.session_max_ttl, Duration::from_secs(1), 10 * year),
            ("refresh_grace", self.refresh_grace, Duration::ZERO, Duration::from_secs(300)),
            ("confirmation_ttl", self.confirmation_ttl, Duration::from_secs(1), year),
            ("activation_ttl", self.activation_ttl, Duration::from_secs(1), year),
            ("unconfirmed_ttl", self.unconfirmed_ttl, Duration::from_secs(1), year),
            ("reset_ttl", self.reset_ttl, Duration::from_secs(1), days(7)),
            ("audit_ttl", self.audit_ttl, days(1), 100 * year),
            ("invitation_ttl", self.invitation_ttl, Duration::from_secs(1), year),
            ("admin.reauthentication", self.admin.reauthentication, Duration::ZERO, days(1)),
            ("jwt.clock_skew", self.jwt.clock_skew, Duration::ZERO, minutes(1)),
            (
                "least_request_time",
                self.least_request_time,
                Duration::ZERO,
                Duration::from_secs(10),
            ),
            ("store_timeout", self.store_timeout, Duration::from_millis(1), minutes(10)),
        ] {
            if value < least || value > most {
                return Err(ConfigError::new(
                    setting,
                    format!("must be between {least:?} and {most:?}, is {value:?}"),
                ));
            }
        }
        self.limits.validate()?;
        self.validate_passkeys()?;
        if self.confirmation_ttl > self.unconfirmed_ttl {
            return Err(ConfigError::new(
                "confirmation_ttl",
                "must not be longer than unconfirmed_ttl: the account would be gone before its link",
            ));
        }
        if self.sign_in.email_registers && !self.sign_in.email {
            return Err(ConfigError::new(
                "sign_in.email_registers",
                "needs sign_in.email, which is off",
            ));
        }
        #[cfg(feature = "oidc")]
        self.validate_providers()?;
        for (setting, url) in
            [("public_url", Some(&self.public_url)), ("frontend_url", self.frontend_url.as_ref())]
        {
            let Some(url) = url else { continue };
            if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
                return Err(ConfigError::new(setting, "must be an http or https URL with a host"));
            }
            if url.query().is_some()
                || url.fragment().is_some()
                || !url.username().is_empty()
                || url.password().is_some()
            {
                return Err(ConfigError::new(setting, "must have no user, query or fragment"));
            }
        }
        for (setting, text) in [
            ("product_name", Some(&self.product_name)),
            ("mfa.issuer", self.mfa_issuer.as_ref()),
            ("jwt.issuer", Some(&self.jwt.issuer)),
            ("jwt.audience", Some(&self.jwt.audience)),
        ] {
            let Some(text) = text else { continue };
            if text.trim().is_empty()
                || text.chars().count() > 200
                || text.chars().any(char::is_control)
            {
                return Err(ConfigError::new(
                    setting,
                    "must be 1 to 200 characters without control characters",
                ));
            }
        }
        // The Key URI format separates issuer and account with a colon.
        if self.mfa_issuer.as_deref().unwrap_or(&self.product_name).contains(':') {
            return Err(ConfigError::new(
                "mfa.issuer",
                "must have no colon (it defaults to product_name)",
            ));
        }
        Ok(())
    }
}

#[cfg(feature = "oidc")]
impl Config {
    fn validate_providers(&self) -> Result<(), ConfigError> {
        for (number, provider) in self.providers.iter().enumerate() {
            let wrong = |problem: String| ConfigError::new("providers", problem);
            provider.validate().map_err(|error| wrong(format!("{}: {error}", provider.id)))?;
            if self.providers[..number].iter().any(|other| other.id == provider.id) {
                return Err(wrong(format!("{} is there twice", provider.id)));
            }
        }
        Ok(())
    }
}

/// Whether a URL's host is this machine, reached from itself.
fn leads_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
