//! A provider, and what is known of it at the moment.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use url::Url;

use super::authorize::{AuthorizationRequest, Secrets};
use super::claims::Claims;
use super::discovery::{Document, Known};
use super::http::{HttpClient, HttpRequest};
use super::keys::KeySet;
use super::settings::{ProviderConfig, ProviderKind};
use super::{code, github, id_token};
use crate::clock::Timestamp;
use crate::secret::Redacted;

/// How long a provider has for all that is asked of it for one request.
const LIMIT: Duration = Duration::from_secs(10);

/// Why a provider did not say who somebody is. The texts are for the log: they hold
/// nothing of a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It does not answer, or not as its protocol has it.
    #[error("{0}")]
    Unavailable(String),
    /// What it says cannot be believed, or it refuses.
    #[error("{0}")]
    Refused(String),
}

pub(super) fn unavailable(why: impl std::fmt::Display) -> Fault {
    Fault::Unavailable(why.to_string())
}

pub(super) fn refused(why: impl std::fmt::Display) -> Fault {
    Fault::Refused(why.to_string())
}

/// An answer, and what was asked.
pub(super) struct Answered {
    pub(super) what: String,
    pub(super) status: u16,
    pub(super) body: Redacted<Vec<u8>>,
}

/// All of them, in the operator's order.
#[derive(Debug, Default)]
pub(crate) struct Providers(Vec<Provider>);

impl Providers {
    pub(crate) fn new(settings: &[ProviderConfig], http: &Arc<dyn HttpClient>) -> Self {
        Self(settings.iter().map(|one| Provider::new(one.clone(), Arc::clone(http))).collect())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.config.id == id)
    }
}

#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) config: ProviderConfig,
    http: Arc<dyn HttpClient>,
    /// Locked while it is asked for, so that of many requests one asks.
    known: Mutex<Known>,
    keys: Mutex<KeySet>,
}

impl Provider {
    pub(crate) fn new(config: ProviderConfig, http: Arc<dyn HttpClient>) -> Self {
        Self { config, http, known: Mutex::default(), keys: Mutex::default() }
    }

    /// Where a browser is sent to sign in there.
    pub(crate) async fn authorization_url(
        &self,
        request: &AuthorizationRequest<'_>,
        now: Timestamp,
    ) -> Result<Url, Fault> {
        within_limit(async {
            let endpoint = match self.config.kind {
                ProviderKind::Oidc => self.document(now).await?.authorization_endpoint.clone(),
                ProviderKind::GitHub => github::authorization_endpoint(&self.config)?,
            };
            Ok(request.url(endpoint, &self.config))
        })
        .await
    }

    /// Whether an answer's `iss` is what it has to be (RFC 9207, 2.4).
    pub(crate) async fn check_issuer(
        &self,
        answered: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        // GitHub has no issuer of its own; answers to another provider come to another path.
        if self.config.kind == ProviderKind::GitHub {
            return Ok(());
        }
        match answered {
            Some(issuer) if issuer == self.config.issuer => Ok(()),
            Some(_) => Err(refused("the answer is another issuer's")),
            None if within_limit(self.document(now)).await?.names_itself => {
                Err(refused("the answer does not name its issuer"))
            }
            None => Ok(()),
        }
    }

    /// Who has signed in there, for the code that the browser brought.
    pub(crate) async fn claims(
        &self,
        code: &str,
        redirect_uri: &str,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<Claims, Fault> {
        within_limit(async {
            if self.config.kind == ProviderKind::GitHub {
                let endpoint = github::token_endpoint(&self.config)?;
                let tokens = code::exchange(self, &endpoint, false, code, redirect_uri, secrets);
                return github::claims(self, &tokens.await?.access_token).await;
            }
            let document = self.document(now).await?;
            let (endpoint, basic) = (&document.token_endpoint, document.basic);
            let tokens = code::exchange(self, endpoint, basic, code, redirect_uri, secrets).await?;
            let id_token = tokens.id_token.as_ref().ok_or_else(|| refused("no ID token"))?;
            let key = self.verifying_key(id_token.expose(), &document, now).await?;
            let claims = id_token::check(
                id_token.expose(),
                &key,
                &id_token::Expected {
                    issuer: &self.config.issuer,
                    client_id: &self.config.client_id,
                    nonce: &secrets.nonce,
                    access_token: &tokens.access_token,
                    now,
                },
            )?;
            match &document.userinfo_endpoint {
                Some(endpoint) if claims.email.is_none() => {
                    claims.with_userinfo(self, endpoint, &tokens.access_token).await
                }
                _ => Ok(claims),
            }
        })
        .await
    }

    async fn document(&self, now: Timestamp) -> Result<Arc<Document>, Fault> {
        self.known.lock().await.document(self, now).await
    }

    async fn verifying_key(
        &self,
        token: &str,
        document: &Document,
        now: Timestamp,
    ) -> Result<id_token::VerifyingKey, Fault> {
        let header = id_token::header(token)?;
        self.keys.lock().await.find(self, &document.jwks_uri, &header, now).await
    }

    /// Makes a request of the provider and reads its answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, Fault> {
        let Answered { what, status, body } = self.send(request).await?;
        if !(200..=299).contains(&status) {
            return Err(unavailable(format!("{what}: status {status}")));
        }
        serde_json::from_slice(body.expose()).map_err(|error| {
            // Where in the answer, and not what it says.
            let (line, column) = (error.line(), error.column());
            unavailable(format!("{what}: not understood at line {line}, column {column}"))
        })
    }

    /// Makes a request of the provider.
    pub(super) async fn send(&self, mut request: HttpRequest) -> Result<Answered, Fault> {
        let what = format!("{}{}", request.url.host_str().unwrap_or_default(), request.url.path());
        if !self.config.allows(&request.url) {
            return Err(unavailable(format!("{what}: neither https nor this machine")));
        }
        request.may_be_private = self.config.is_own_host(&request.url);
        let max = request.max_bytes;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| unavailable(format!("{what}: {error}")))?;
        if answer.body.expose().len() > max {
            return Err(unavailable(format!("{what}: an answer of more than {max} bytes")));
        }
        Ok(Answered { what, status: answer.status, body: answer.body })
    }
}

async fn within_limit<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(answer) => answer,
        Err(_) => Err(unavailable("no answer within ten seconds")),
    }
}
