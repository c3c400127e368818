//! A provider, and what is known of it at the moment.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use super::authorize::{AuthorizationRequest, Secrets};
use super::channel::Channel;
use super::claims::Claims;
use super::discovery::{Document, Known};
use super::fault::{Fault, refused, unavailable};
use super::http::HttpClient;
use super::keys::KeySet;
use super::settings::{ProviderConfig, ProviderKind};
use super::{code, github, id_token};
use crate::clock::Timestamp;

/// How long a provider has for all that is asked of it for one request: the request
/// is answered within ten seconds.
const LIMIT: Duration = Duration::from_secs(9);

/// All of them, in the operator's order.
#[derive(Debug, Default)]
pub(crate) struct Providers(Vec<Provider>);

impl Providers {
    pub(crate) fn new(settings: &[ProviderConfig], http: &Arc<dyn HttpClient>) -> Self {
        Self(settings.iter().map(|one| Provider::new(one.clone(), Arc::clone(http))).collect())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.config().id == id)
    }
}

#[derive(Debug)]
pub(crate) struct Provider {
    channel: Channel,
    /// Locked while it is asked for, so that of many requests one asks.
    known: Mutex<Known>,
    keys: Mutex<KeySet>,
}

impl Provider {
    pub(crate) fn new(config: ProviderConfig, http: Arc<dyn HttpClient>) -> Self {
        let channel = Channel { config, http };
        Self { channel, known: Mutex::default(), keys: Mutex::default() }
    }

    /// Its settings.
    pub(crate) fn config(&self) -> &ProviderConfig {
        &self.channel.config
    }

    /// Where a browser is sent to sign in there.
    pub(crate) async fn authorization_url(
        &self,
        request: &AuthorizationRequest<'_>,
        now: Timestamp,
    ) -> Result<Url, Fault> {
        within_limit(async {
            let endpoint = match self.config().kind {
                ProviderKind::Oidc => self.document(now).await?.authorization_endpoint.clone(),
                ProviderKind::GitHub => github::authorization_endpoint(self.config())?,
            };
            Ok(request.url(endpoint, self.config()))
        })
        .await
    }

    /// Whether an answer's `iss` is what it has to be (RFC 9207, 2.4).
    pub(crate) async fn check_issuer(
        &self,
        answered: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        within_limit(self.issuer_is_right(answered, now)).await
    }

    async fn issuer_is_right(&self, answered: Option<&str>, now: Timestamp) -> Result<(), Fault> {
        // GitHub has no issuer of its own; answers to another provider come to another path.
        if self.config().kind == ProviderKind::GitHub {
            return Ok(());
        }
        match answered {
            Some(issuer) if issuer == self.config().issuer => Ok(()),
            Some(_) => Err(refused("the answer is another issuer's")),
            None if self.document(now).await?.names_itself => {
                Err(refused("the answer does not name its issuer"))
            }
            None => Ok(()),
        }
    }

    /// Who has signed in there, for the code that the browser brought and the issuer
    /// that it names.
    pub(crate) async fn claims(
        &self,
        code: &str,
        answered: Option<&str>,
        redirect_uri: &str,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<Claims, Fault> {
        let channel = &self.channel;
        within_limit(async {
            self.issuer_is_right(answered, now).await?;
            if self.config().kind == ProviderKind::GitHub {
                let endpoint = github::token_endpoint(self.config())?;
                let tokens = code::exchange(channel, &endpoint, false, code, redirect_uri, secrets);
                return github::claims(channel, &tokens.await?.access_token).await;
            }
            let document = self.document(now).await?;
            let (endpoint, basic) = (&document.token_endpoint, document.basic);
            let tokens =
                code::exchange(channel, endpoint, basic, code, redirect_uri, secrets).await?;
            let id_token = tokens.id_token.as_ref().ok_or_else(|| refused("no ID token"))?;
            let key = self.verifying_key(id_token.expose(), &document, now).await?;
            let claims = id_token::check(
                id_token.expose(),
                &key,
                &id_token::Expected {
                    issuer: &self.config().issuer,
                    client_id: &self.config().client_id,
                    nonce: &secrets.nonce,
                    access_token: &tokens.access_token,
                    now,
                },
            )?;
            match &document.userinfo_endpoint {
                Some(endpoint) if claims.email.is_none() => {
                    claims.with_userinfo(channel, endpoint, &tokens.access_token).await
                }
                _ => Ok(claims),
            }
        })
        .await
    }

    async fn document(&self, now: Timestamp) -> Result<Arc<Document>, Fault> {
        self.known.lock().await.document(&self.channel, now).await
    }

    async fn verifying_key(
        &self,
        token: &str,
        document: &Document,
        now: Timestamp,
    ) -> Result<id_token::VerifyingKey, Fault> {
        let header = id_token::header(token)?;
        self.keys.lock().await.find(&self.channel, &document.jwks_uri, &header, now).await
    }
}

pub(super) async fn within_limit<T>(
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(answer) => answer,
        Err(_) => Err(unavailable("no answer in time")),
    }
}
