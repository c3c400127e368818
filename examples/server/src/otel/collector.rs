//! How what was measured gets to the collector.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};

use crate::failure::Failure;

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read; what is expected is next to nothing.
const MAX_ANSWER: usize = 64 * 1024;

/// Speaks HTTP, with TLS by the public certificate authorities.
pub(super) type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

pub(super) fn client() -> Result<HttpsClient, Failure> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new("otel.endpoint", &error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// One kind of what is sent. That it does not get there is logged once, and that
/// it gets there again.
#[derive(Debug)]
pub(super) struct Collector {
    client: HttpsClient,
    what: &'static str,
    fails: AtomicBool,
}

impl Collector {
    pub(super) fn new(client: HttpsClient, what: &'static str) -> Self {
        Self { client, what, fails: AtomicBool::new(false) }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.client.request(request.map(Full::new)).await?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    fn tell(&self, sent: &Result<Response<Bytes>, HttpError>) {
        let why = match sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(Failure::new("it cannot be reached", error.as_ref()).to_string()),
        };
        let what = self.what;
        match (why, self.fails.load(Ordering::Relaxed)) {
            (Some(why), false) => tracing::warn!(
                "otel.endpoint: the collector does not take {what}: {why}; said once, until it does"
            ),
            (None, true) => tracing::info!("otel.endpoint: the collector takes {what} again"),
            (Some(_), true) | (None, false) => return,
        }
        self.fails.fetch_not(Ordering::Relaxed);
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = tokio::time::timeout(TIMEOUT, self.send(request)).await;
        let sent = sent.unwrap_or_else(|_| Err("no answer in time".into()));
        self.tell(&sent);
        sent
    }
}
