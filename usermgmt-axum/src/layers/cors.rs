//! Which pages of other origins may call.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::config::HttpConfig;

/// Of the account API. Bearer tokens only, so no credentials mode but for what a
/// provider's sign-in is bound to a browser by; `None` where no origin is allowed.
pub(crate) fn cors(config: &HttpConfig) -> Option<CorsLayer> {
    if config.cors_origins.is_empty() {
        return None;
    }
    let origins = config.cors_origins.clone();
    let is_allowed = move |origin: &HeaderValue| {
        origin.to_str().is_ok_and(|origin| origins.iter().any(|allowed| allowed.matches(origin)))
    };
    Some(
        layer()
            .allow_origin(AllowOrigin::predicate(move |origin, _| is_allowed(origin)))
            .allow_credentials(AllowCredentials::predicate(|_, request| {
                is_bound_to_a_browser(request.uri.path())
            }))
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]),
    )
}

/// Whether a path of the account API sets or takes the cookie of a sign-in by a
/// provider. Cookies of sessions do nothing there without a form's token.
fn is_bound_to_a_browser(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    path.ends_with("/signin/exchange") || parent.ends_with("/identities")
}

/// Of what is the same for everybody: any page may read it.
pub(crate) fn public_cors() -> CorsLayer {
    layer().allow_origin(Any).allow_methods([Method::GET])
}

/// Whatever header is asked for may be sent: none is trusted for where it came
/// from, and tracing and frameworks add their own.
fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("x-request-id"),
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
        ])
        .max_age(Duration::from_secs(600))
}
