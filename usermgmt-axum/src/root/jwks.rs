//! GET /.well-known/jwks.json

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde_json::Value;

use crate::state::HttpState;

/// The public keys that access tokens are verified with, where the algorithm has them.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get_jwks",
    tag = "server",
    responses((status = 200, description = "A JWK set (RFC 7517, 5)", body = Object)),
    security(()),
)]
pub(crate) async fn jwks(
    State(state): State<HttpState>,
) -> ([(HeaderName, &'static str); 1], Json<Value>) {
    // New keys are spread in the state `verify` before they sign, so a short memory does no harm.
    let cache = (header::CACHE_CONTROL, "public, max-age=300");
    ([cache], Json(state.auth().jwks()))
}
