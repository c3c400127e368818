//! axum routers and extractors for [`usermgmt_core`].
//!
//! Everything at once:
//!
//! ```
//! use usermgmt_axum::{HttpConfig, HttpState, router};
//!
//! fn app(auth: usermgmt_core::Auth) -> axum::Router {
//!     router(HttpState::new(auth, HttpConfig::default()))
//! }
//! ```
//!
//! Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: limits
//! and sessions want to know the client's address.
//!
//! In a host's own routes the extractors [`AccessClaims`], [`CurrentUser`] and
//! [`RequireAdmin`] say who is asking; the host's state only has to give them an
//! [`HttpState`] by `FromRef`.
//!
//! The routers can be mounted one by one, wherever a host likes them. By
//! `nest_service` they serve their root with and without a trailing slash:
//!
//! ```
//! # fn app(state: usermgmt_axum::HttpState) -> axum::Router {
//! axum::Router::new()
//!     .nest_service("/api/v1", usermgmt_axum::account_router(state.clone()))
//!     .nest_service("/api/users", usermgmt_axum::users_router(state.clone()))
//!     .merge(usermgmt_axum::root_router(state))
//! # }
//! ```

mod account;
mod answer;
mod body;
mod client;
mod config;
mod error;
mod extract;
mod layers;
mod mount;
mod openapi;
mod pages;
mod path;
mod root;
mod state;
mod users;
mod validate;

use axum::Router;

pub use self::client::ClientInfo;
pub use self::config::{HttpCompat, HttpConfig};
pub use self::error::ApiError;
pub use self::extract::{AccessClaims, CurrentUser, RequireAdmin, require_role};
pub use self::openapi::openapi;
pub use self::state::HttpState;

/// Where [`router`] mounts the account API.
pub const ACCOUNT_PATH: &str = "/api/v1";
/// Where [`router`] mounts the users API.
pub const USERS_PATH: &str = "/api/users";

/// Everything: both APIs under their paths, the pages, the keys, health and the
/// API's description at the root, and 404 for the rest.
pub fn router(state: HttpState) -> Router {
    let rest = Router::new().fallback(no_such_path);
    // Nesting serves a router's own root without a trailing slash only.
    let users_root =
        Router::new().route(&format!("{USERS_PATH}/"), axum::routing::post(users::create::create));
    Router::new()
        .nest(ACCOUNT_PATH, account_part(&state))
        .nest(USERS_PATH, part(users::routes().into(), &state))
        .merge(part(users_root, &state))
        .merge(root_part(&state))
        .merge(layers::surround(rest, &state))
        .with_state(state)
}

/// The account API: what a person does with their own account.
pub fn account_router(state: HttpState) -> Router {
    let rest = Router::new().fallback(no_such_path);
    account_part(&state).merge(layers::surround(rest, &state)).with_state(state)
}

/// The users API: what a team's other services ask about users.
pub fn users_router(state: HttpState) -> Router {
    let rest = Router::new().fallback(no_such_path);
    part(users::routes().into(), &state).merge(layers::surround(rest, &state)).with_state(state)
}

/// What belongs at the root: the pages that mailed links open, the public keys,
/// health, and the API's description. Without a fallback, so that it merges
/// with a host's own routes.
pub fn root_router(state: HttpState) -> Router {
    root_part(&state).with_state(state)
}

fn account_part(state: &HttpState) -> Router<HttpState> {
    let router = part(account::routes().into(), state);
    match layers::cors(state.config()) {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

fn root_part(state: &HttpState) -> Router<HttpState> {
    part(pages::routes().merge(root::routes()).into(), state)
}

fn part(router: Router<HttpState>, state: &HttpState) -> Router<HttpState> {
    layers::surround(router.method_not_allowed_fallback(method_not_allowed), state)
}

async fn no_such_path() -> ApiError {
    ApiError::no_such_path()
}

async fn method_not_allowed() -> ApiError {
    ApiError::method_not_allowed()
}
