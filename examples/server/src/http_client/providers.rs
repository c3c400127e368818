//! Requests of providers that sign people in.

use std::fmt;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Host;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::oidc::{HttpClient, HttpError, HttpMethod, HttpRequest, HttpResponse};
use usermgmt_core::secret::Redacted;
use usermgmt_core::with_causes;

use super::public::{Reach, is_public};
use super::{Client, client};
use crate::failure::Failure;

/// Makes requests of providers. To hosts that the operator did not name it connects
/// only at addresses of the Internet: a provider's documents must not lead it to what
/// only this machine reaches.
pub(crate) struct ProviderClient {
    anywhere: Client<Full<Bytes>>,
    public: Client<Full<Bytes>>,
}

impl ProviderClient {
    /// # Errors
    /// [`Failure`] where TLS cannot be set up.
    pub(crate) fn new() -> Result<Self, Failure> {
        let of = |reach| client(reach).map_err(|error| Failure::new("providers", &error));
        Ok(Self { anywhere: of(Reach::Anywhere)?, public: of(Reach::Public)? })
    }
}

#[async_trait]
impl HttpClient for ProviderClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let client = if request.may_be_private {
            &self.anywhere
        } else {
            // A number is connected to without being looked up.
            let number = match request.url.host() {
                Some(Host::Ipv4(address)) => Some(address.into()),
                Some(Host::Ipv6(address)) => Some(address.into()),
                _ => None,
            };
            if number.is_some_and(|address| !is_public(address)) {
                return Err(HttpError("the address is none of the Internet".into()));
            }
            &self.public
        };
        let method = match request.method {
            HttpMethod::Get => hyper::Method::GET,
            HttpMethod::Post => hyper::Method::POST,
        };
        let mut asked = Request::builder().method(method).uri(request.url.as_str());
        for (name, value) in &request.headers {
            asked = asked.header(*name, value.expose().as_str());
        }
        let body = request
            .body
            .as_ref()
            .map_or_else(Bytes::new, |body| Bytes::copy_from_slice(body.expose().as_bytes()));
        let asked = asked.body(Full::new(body)).map_err(|error| HttpError(error.into()))?;
        // A client's own error says little without what caused it.
        let answer = client.request(asked).await;
        let answer = answer.map_err(|error| HttpError(with_causes(&error).into()))?;
        let status = answer.status().as_u16();
        let date = answer.headers().get(hyper::header::DATE).and_then(time_of);
        let body = Limited::new(answer.into_body(), request.max_bytes).collect().await;
        let body = body.map_err(HttpError)?.to_bytes().to_vec();
        Ok(HttpResponse { status, body: Redacted::new(body), date })
    }
}

/// RFC 9110, 5.6.7.
fn time_of(date: &HeaderValue) -> Option<Timestamp> {
    let at = OffsetDateTime::parse(date.to_str().ok()?, &Rfc2822).ok()?;
    at.unix_timestamp().checked_mul(1000).map(Timestamp::from_millis)
}

impl fmt::Debug for ProviderClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderClient").finish_non_exhaustive()
    }
}
