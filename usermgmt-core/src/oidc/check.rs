//! Whether a provider is there, for whoever looks whether a set-up works.

use std::sync::Arc;

use super::channel::{Answered, Channel};
use super::discovery;
use super::fault::{Fault, unavailable};
use super::github;
use super::http::{HttpClient, HttpRequest};
use super::provider::within_limit;
use super::settings::{ProviderConfig, ProviderKind};
use crate::clock::Timestamp;

/// What is wrong with a provider, or with the way there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ProviderFault(String);

/// Asks a provider for what anybody may read: its discovery document, which must be
/// of the issuer in the settings, and its keys; of GitHub, which has neither, the page
/// that signs people in. Says what time it is there, where it does.
///
/// # Errors
/// [`ProviderFault`], in words for the operator.
pub async fn check(
    config: &ProviderConfig,
    http: Arc<dyn HttpClient>,
) -> Result<Option<Timestamp>, ProviderFault> {
    let channel = Channel { config: config.clone(), http };
    let answered = within_limit(async {
        match config.kind {
            ProviderKind::Oidc => {
                let document = discovery::ask(&channel).await?;
                asked(&channel, HttpRequest::get(document.jwks_uri), 300).await
            }
            ProviderKind::GitHub => {
                let page = github::authorization_endpoint(config)?;
                asked(&channel, HttpRequest::get(page), 500).await
            }
        }
    });
    let answered = answered.await.map_err(|fault| ProviderFault(fault.to_string()))?;
    Ok(answered.date)
}

/// The answer, whose status must be below this one.
async fn asked(channel: &Channel, request: HttpRequest, below: u16) -> Result<Answered, Fault> {
    let answered = channel.send(request).await?;
    if answered.status < below {
        return Ok(answered);
    }
    Err(unavailable(format!("{}: status {}", answered.what, answered.status)))
}
