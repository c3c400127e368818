//! What is answered where there is no route.

use axum::Router;
use axum::http::{HeaderName, header};

use crate::error::ApiError;
use crate::layers::with_layers;
use crate::state::HttpState;

/// 404 as the built-in routes have it, for a host's own fallback. Pages of any
/// origin may read it: it is the same for everybody.
pub async fn not_found() -> ([(HeaderName, &'static str); 1], ApiError) {
    ([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], ApiError::no_such_path())
}

/// Only the fallback, with its layers.
pub(crate) fn router(state: &HttpState) -> Router<HttpState> {
    with_layers(Router::new().fallback(not_found), state)
}

/// The same routes, with an answer for their other methods.
pub(crate) fn method(router: Router<HttpState>) -> Router<HttpState> {
    router.method_not_allowed_fallback(async || ApiError::method_not_allowed())
}
