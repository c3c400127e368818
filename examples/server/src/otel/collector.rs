//! How what was measured gets to the collector.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use crate::failure::Failure;
use crate::http_client::{self, Client, Reach};

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read; what is expected is next to nothing.
const MAX_ANSWER: usize = 64 * 1024;

/// Speaks HTTP, with TLS where the endpoint says so.
pub(super) type CollectorClient = Client<Full<Bytes>>;

pub(super) fn client() -> Result<CollectorClient, Failure> {
    // The operator names the collector, which may be on this machine.
    http_client::client(Reach::Anywhere).map_err(|error| Failure::new("otel.endpoint", &error))
}

/// One kind of what is sent. That it does not get there is logged once, and that
/// it gets there again.
#[derive(Debug)]
pub(super) struct Collector {
    client: CollectorClient,
    what: &'static str,
    fails: AtomicBool,
}

impl Collector {
    pub(super) fn new(client: CollectorClient, what: &'static str) -> Self {
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
