//! What surrounds every handler.

mod cors;
mod headers;
mod observe;

use std::any::Any;

use axum::Router;
use axum::http::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use self::cors::cors;
use crate::body::receive;
use crate::error::ApiError;
use crate::state::HttpState;

/// Surrounds a router's handlers and fallback: outermost the request's id, span
/// and headers, then panics, then the time limit, then the body.
pub(crate) fn surround<S>(router: Router<S>, state: &HttpState) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    router
        .layer(from_fn(receive))
        .layer(from_fn_with_state(state.clone(), time_limit))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), observe::observe))
}

async fn time_limit(
    axum::extract::State(state): axum::extract::State<HttpState>,
    request: Request<axum::body::Body>,
    next: axum::middleware::Next,
) -> Response {
    let limit = state.config().request_timeout;
    tokio::time::timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| ApiError::unavailable().into_response())
}

/// The panic's text may quote what a client sent, so it is not logged; the
/// panic hook has the place.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::fault("a handler panicked").into_response()
}
