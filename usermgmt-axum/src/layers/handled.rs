//! What becomes of a request that its handler never answers.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::body::receive;
use crate::error::ApiError;
use crate::state::HttpState;

/// The handler's answer to the request and its body; 503 where that takes too
/// long, and 500 where it panics. The panic's text may quote what a client sent, so
/// it is not logged; the panic hook has the place.
pub(super) async fn handled(state: &HttpState, request: Request, next: Next) -> Response {
    let answer = async { next.run(receive(request).await).await };
    let answer = tokio::time::timeout(state.config().request_timeout, answer);
    // Nothing that it leaves half done is looked at again: it was the request's own.
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => ApiError::unavailable().into_response(),
        Err(_) => ApiError::fault("a handler panicked").into_response(),
    }
}
