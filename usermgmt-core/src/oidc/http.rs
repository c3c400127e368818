//! The requests that are made of providers, and who makes them.

use std::fmt;

use async_trait::async_trait;
use url::Url;

use crate::clock::Timestamp;
use crate::secret::Redacted;

/// Makes requests of providers.
///
/// It follows no redirects: where one leads is not what the operator has trusted.
/// It reads no more of an answer than [`HttpRequest::max_bytes`], and it connects to
/// addresses of private networks only where [`HttpRequest::may_be_private`]. The core
/// waits for an answer for ten seconds at most.
#[async_trait]
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    /// Makes a request, whatever status it is answered with.
    ///
    /// # Errors
    /// [`HttpError`] where there is no answer, or one that is too long.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// A request of a provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpRequest {
    /// Its method.
    pub method: HttpMethod,
    /// Where to: `https`, or `http` on this machine.
    pub url: Url,
    /// Its headers. Some are secrets.
    pub headers: Vec<(&'static str, Redacted<String>)>,
    /// Its body, where it has one: a form, with secrets in it.
    pub body: Option<Redacted<String>>,
    /// The most bytes of the answer that are read.
    pub max_bytes: usize,
    /// Whether it may go to an address that is not of the Internet: it goes to the
    /// host that the operator named.
    pub may_be_private: bool,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// GitHub answers nobody who does not say who they are.
const AGENT: &str = concat!("usermgmt/", env!("CARGO_PKG_VERSION"));
/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

impl HttpRequest {
    pub(super) fn get(url: Url) -> Self {
        Self {
            method: HttpMethod::Get,
            url,
            headers: [("accept", "application/json"), ("user-agent", AGENT)]
                .map(|(name, value)| (name, Redacted::new(value.to_owned())))
                .to_vec(),
            body: None,
            max_bytes: MAX_ANSWER,
            may_be_private: false,
        }
    }

    /// With a form, which is what token endpoints take (RFC 6749, 4.1.3).
    pub(super) fn post(url: Url, form: &[(&str, &str)]) -> Self {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = Self { method: HttpMethod::Post, ..Self::get(url) };
        request.body = Some(Redacted::new(body.finish()));
        request.header("content-type", "application/x-www-form-urlencoded".to_owned())
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, Redacted::new(value)));
        self
    }

    pub(super) fn bearer(self, token: &Redacted<String>) -> Self {
        let value = format!("Bearer {}", token.expose());
        self.header("authorization", value)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// Its status.
    pub status: u16,
    /// Its body. It may hold tokens.
    pub body: Redacted<Vec<u8>>,
    /// The time that its `Date` header says, where it has one that can be read. Only
    /// [`check`](super::check) looks at it.
    pub date: Option<Timestamp>,
}

/// Why there is no answer. The text is for the log.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct HttpError(#[from] pub Box<dyn std::error::Error + Send + Sync>);
