//! The way to a provider: requests that its settings allow, and their answers.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::fault::{Fault, unavailable};
use super::http::{HttpClient, HttpRequest};
use super::settings::ProviderConfig;
use crate::clock::Timestamp;
use crate::secret::Redacted;

/// An answer, and what was asked.
pub(super) struct Answered {
    pub(super) what: String,
    pub(super) status: u16,
    pub(super) body: Redacted<Vec<u8>>,
    pub(super) date: Option<Timestamp>,
}

/// A provider's settings, and what makes requests.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) config: ProviderConfig,
    pub(super) http: Arc<dyn HttpClient>,
}

impl Channel {
    /// Makes a request of the provider and reads its answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, Fault> {
        let Answered { what, status, body, .. } = self.send(request).await?;
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
        Ok(Answered { what, status: answer.status, body: answer.body, date: answer.date })
    }
}
