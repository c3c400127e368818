//! What surrounds every handler.

mod cors;
mod handled;
mod headers;
mod observe;
mod origin;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub(crate) use self::cors::{cors, public_cors};
pub(crate) use self::observe::RequestId;
pub use self::origin::{CorsOrigin, InvalidOrigin};
use crate::state::HttpState;

/// Surrounds a router's handlers and fallback with what surrounds the built-in
/// ones: outermost the request's id, span and host, and the security headers
/// that the handler does not set itself; then panics, which are answered 500;
/// then the time limit; then the body, at most 64 KiB.
///
/// ```
/// # fn app(state: usermgmt_axum::HttpState) -> axum::Router {
/// use axum::{Router, routing::get};
///
/// let own = Router::new().route("/hello", get(async || "Hello!"));
/// usermgmt_axum::with_layers(own, &state).merge(usermgmt_axum::router(state))
/// # }
/// ```
pub fn with_layers<S>(router: Router<S>, state: &HttpState) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    // One layer for all of it: each one more is cloned and put on the heap with
    // every request, and with it all that it surrounds.
    router.layer(from_fn_with_state(state.clone(), observe::observe))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use tower::ServiceExt as _;
    use usermgmt_core::Auth;
    use usermgmt_core::config::Config;
    use usermgmt_core::keys::KeyRing;
    use usermgmt_core::password::HasherConfig;
    use usermgmt_core::store::MemoryStore;

    use super::*;
    use crate::config::HttpConfig;
    use crate::error::ApiError;

    async fn ask(path: &str) -> (String, Value) {
        let mut config = Config::new("https://accounts.example.com".parse().unwrap());
        config.hasher = HasherConfig::insecure_for_tests();
        let keys = KeyRing::single((7..39).collect()).unwrap();
        let auth = Auth::builder(MemoryStore::new(), keys, config).build().await.unwrap();
        let state = HttpState::new(auth, HttpConfig::default());
        let router = Router::new()
            .route("/panic", get(async || -> () { panic!("hunter2") }))
            .route("/fault", get(async || ApiError::fault("hunter2")));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = with_layers(router, &state).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (id, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_server_at_fault_answers_nothing_but_the_requests_id() {
        for path in ["/panic", "/fault"] {
            let (id, body) = ask(path).await;
            assert_eq!(
                body,
                serde_json::json!({
                    "message": "Internal server error", "error": "internal_error", "request_id": id,
                })
            );
        }
    }
}
