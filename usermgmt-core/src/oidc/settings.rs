//! What an operator says of a provider.

use url::{Host, Url};

use crate::model::identity::MAX_ISSUER;
use crate::secret::Redacted;

/// What a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProviderKind {
    /// OpenID Connect.
    #[default]
    Oidc,
    /// GitHub's OAuth 2.0, on github.com or a server of one's own.
    GitHub,
}

/// A provider that people sign in with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// What paths call it: 1 to 32 of `a-z`, `0-9`, `-` and `_`. Accounts do not depend on it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it speaks.
    pub kind: ProviderKind,
    /// The issuer, letter by letter as the provider names itself in its discovery
    /// document: `https`, or `http` on this machine. Accounts belong to it: with
    /// another one they are other people's.
    pub issuer: String,
    /// What the provider calls this application.
    pub client_id: String,
    /// What shows the provider that it is this application.
    pub client_secret: Redacted<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Whether an identity whose address the provider vouches for is linked to the
    /// account whose *confirmed* address that is, unasked. Whoever can make the
    /// provider vouch for an address then has its account. Default off.
    pub trust_email: bool,
}

/// What is wrong with a provider's settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidProvider {
    /// The setting, without the provider's name; empty for the name itself.
    pub field: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

/// GitHub's own issuer.
const GITHUB: &str = "https://github.com";

impl ProviderConfig {
    /// A provider of OpenID Connect, asked for address and profile.
    pub fn oidc(
        id: impl Into<String>,
        issuer: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Redacted<String>,
    ) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            kind: ProviderKind::Oidc,
            issuer: issuer.into(),
            client_id: client_id.into(),
            client_secret,
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            trust_email: false,
        }
    }

    /// github.com.
    pub fn github(
        id: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Redacted<String>,
    ) -> Self {
        Self {
            kind: ProviderKind::GitHub,
            scopes: ["read:user", "user:email"].map(str::to_owned).to_vec(),
            ..Self::oidc(id, GITHUB, client_id, client_secret)
        }
    }

    /// Checks it.
    ///
    /// # Errors
    /// [`InvalidProvider`] names the setting.
    pub fn validate(&self) -> Result<(), InvalidProvider> {
        let wrong = |field, problem: &str| Err(InvalidProvider { field, problem: problem.into() });
        let is_id = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_".contains(&c);
        if !(1..=32).contains(&self.id.len()) || !self.id.bytes().all(is_id) {
            return wrong("", "a provider's name is 1 to 32 of a-z, 0-9, - and _");
        }
        let is_text = |text: &str| {
            !text.trim().is_empty() && text.len() <= 1000 && !text.chars().any(char::is_control)
        };
        if !is_text(&self.name) || self.name.chars().count() > 50 {
            return wrong("name", "must be 1 to 50 characters without control characters");
        }
        if self.issuer.len() > MAX_ISSUER {
            return wrong("issuer", "must have at most 255 bytes");
        }
        match Url::parse(&self.issuer) {
            Ok(url) if is_allowed(&url, true) && url.query().is_none() => {}
            _ => {
                return wrong(
                    "issuer",
                    "must be an https URL as the provider names itself (http only on loopback), \
                     without user, query or fragment",
                );
            }
        }
        for (field, text) in
            [("client_id", &self.client_id), ("client_secret", self.client_secret.expose())]
        {
            if !is_text(text) {
                return wrong(
                    field,
                    "is missing: the provider gives it when an application is registered there",
                );
            }
        }
        // RFC 6749, 3.3.
        let is_scope = |c: u8| c.is_ascii_graphic() && !b"\"\\".contains(&c);
        if !self.scopes.iter().all(|scope| !scope.is_empty() && scope.bytes().all(is_scope)) {
            return wrong("scopes", "must be words without blanks and quotes");
        }
        if self.kind == ProviderKind::Oidc && !self.scopes.iter().any(|scope| scope == "openid") {
            return wrong("scopes", "must hold openid");
        }
        Ok(())
    }

    /// Whether the URL's host is the one that the operator named, whose addresses
    /// are trusted, private or not.
    pub(super) fn is_own_host(&self, url: &Url) -> bool {
        let issuer = Url::parse(&self.issuer);
        issuer.is_ok_and(|issuer| issuer.host() == url.host())
    }

    /// Whether a URL that the provider names is one that may be asked.
    pub(super) fn allows(&self, url: &Url) -> bool {
        is_allowed(url, self.issuer.starts_with("http:"))
    }
}

/// `https`, or `http` on this machine where that is trusted.
fn is_allowed(url: &Url, with_loopback: bool) -> bool {
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    is_plain
        && (url.scheme() == "https" || (url.scheme() == "http" && with_loopback && is_loopback))
}
