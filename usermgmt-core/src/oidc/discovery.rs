//! What a provider says of itself (OpenID Connect Discovery 1.0).

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::channel::Channel;
use super::fault::{Fault, unavailable};
use super::http::HttpRequest;
use crate::clock::Timestamp;

/// How long a document is good.
const LIFE: Duration = Duration::from_secs(3600);

/// What is used of the document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    /// Its token endpoint takes the secret in a header; else in the form.
    pub(super) basic: bool,
    /// Its answers name the issuer (RFC 9207, 3).
    pub(super) names_itself: bool,
}

/// The last document, and when it was asked for.
#[derive(Debug, Default)]
pub(super) struct Known(Option<(Timestamp, Arc<Document>)>);

impl Known {
    pub(super) async fn document(
        &mut self,
        channel: &Channel,
        now: Timestamp,
    ) -> Result<Arc<Document>, Fault> {
        if let Some((at, document)) = &self.0
            && now.since(*at) < LIFE
        {
            return Ok(Arc::clone(document));
        }
        let document = Arc::new(ask(channel).await?);
        self.0 = Some((now, Arc::clone(&document)));
        Ok(document)
    }
}

/// As the provider has it (OpenID Connect Discovery 1.0, 3; RFC 8414, 2).
#[derive(Deserialize)]
struct Raw {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

pub(super) async fn ask(channel: &Channel) -> Result<Document, Fault> {
    let issuer = &channel.config.issuer;
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(unavailable)?;
    let raw: Raw = channel.ask(HttpRequest::get(url)).await?;
    // OpenID Connect Discovery 1.0, 4.3: letter by letter, or it speaks for somebody else.
    if raw.issuer != *issuer {
        return Err(unavailable("the discovery document is another issuer's"));
    }
    for url in [&raw.authorization_endpoint, &raw.token_endpoint, &raw.jwks_uri]
        .into_iter()
        .chain(&raw.userinfo_endpoint)
    {
        if !channel.config.allows(url) {
            return Err(unavailable("the discovery document names an endpoint without https"));
        }
    }
    // client_secret_basic where nothing is said.
    let basic = raw
        .token_endpoint_auth_methods_supported
        .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
    Ok(Document {
        authorization_endpoint: raw.authorization_endpoint,
        token_endpoint: raw.token_endpoint,
        jwks_uri: raw.jwks_uri,
        userinfo_endpoint: raw.userinfo_endpoint,
        basic,
        names_itself: raw.authorization_response_iss_parameter_supported,
    })
}
