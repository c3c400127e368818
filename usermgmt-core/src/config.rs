//! Policies: what an embedder or operator may decide, checked once on build.

mod error;
mod legacy_tokens;
mod limits;
mod passkey_policy;
mod passkeys;

use std::time::Duration;

use url::{Host, Url};

pub use self::error::ConfigError;
pub use self::legacy_tokens::{LEGACY_TOKENS_MAX, LegacyTokens};
pub use self::limits::{Budget, Limits, Rate};
pub use self::passkey_policy::PasskeyPolicy;
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
    /// account (forgotten password, confirmation again; a sign-in that fails and a
    /// registration besides what their hash takes): longer than its statements usually
    /// do, so that what they cost does not show. Default 25 ms.
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

/// What administrators must have done before they may do anything. Change what
/// [`Config::new`] has made of it instead of writing it out: there will be more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminPolicy {
    /// Whether their session needs a second factor. Default on where the public
    /// URL is not on this machine.
    pub require_mfa: bool,
    /// How recent their sign-in must be for whatever changes something. Default
    /// 15 minutes; zero for however old.
    pub reauthentication: Duration,
}

/// How access tokens are signed. Change what [`Config::new`] has made of it instead of
/// writing it out: there will be more.
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

/// Old behaviours, each off by default because the safe one is. Write those that are
/// on and `..Compat::default()`: there will be more.
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

    /// Which domains addresses may have: `localhost` only where people
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
