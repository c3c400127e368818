//! Signing in by a provider: OpenID Connect Core 1.0, and GitHub, which has OAuth
//! 2.0 (RFC 6749) alone.
//!
//! This is the protocol: what is asked of a provider and what is believed of its
//! answers (RFC 9700, OpenID Connect Core 1.0, 3.1.3.7). What an identity means for
//! accounts is decided in [`flows`](crate::flows).
//!
//! The application brings an [`HttpClient`]; the core opens no connections.

mod authorize;
mod channel;
mod check;
mod claims;
mod code;
mod discovery;
mod fault;
mod github;
mod http;
mod id_token;
mod keys;
mod provider;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use self::authorize::{AuthorizationRequest, Secrets};
pub use self::check::{ProviderFault, check};
pub(crate) use self::claims::Claims;
pub(crate) use self::fault::Fault;
pub use self::http::{HttpClient, HttpError, HttpMethod, HttpRequest, HttpResponse};
pub(crate) use self::provider::{Provider, Providers};
pub use self::settings::{InvalidProvider, ProviderConfig, ProviderKind};
