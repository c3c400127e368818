//! A request's id, its span, what the log says of it, and the headers that every
//! answer has.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;
use usermgmt_core::rng::{OsRng, random};

use super::handled::handled;
use super::headers;
use crate::error::{Fault, internal_body};
use crate::host;
use crate::state::HttpState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id, for whoever notes what it did.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Neither paths as sent, nor query strings, headers or bodies are logged: they
/// carry tokens.
pub(super) async fn observe(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let path = request.extensions().get::<MatchedPath>().map_or("(no route)", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path,
        request_id = %id,
        status = tracing::field::Empty,
        latency_ms = tracing::field::Empty,
    );
    let began = state.auth().now();
    async move {
        let mut response = match host::check(&request) {
            Ok(()) => handled(&state, request, next).await,
            Err(refusal) => refusal.into_response(),
        };
        if response.extensions_mut().remove::<Fault>().is_some() {
            response = internal_body(Some(&id)).into_response();
        }
        let status = response.status().as_u16();
        let latency_ms = u64::try_from(state.auth().now().since(began).as_millis());
        tracing::Span::current()
            .record("status", status)
            .record("latency_ms", latency_ms.unwrap_or(u64::MAX));
        tracing::debug!(status, "answered");
        headers::add(response.headers_mut(), state.config().hsts);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}

/// The id that the client or a proxy gave the request, where it is fit to be
/// logged; a random one otherwise.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let fit = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match given.filter(fit) {
        Some(id) => id.to_owned(),
        None => {
            let bytes: [u8; 16] = random(&OsRng);
            format!("{:032x}", u128::from_be_bytes(bytes))
        }
    }
}
