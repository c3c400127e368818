//! User accounts in an [axum] application: routers and extractors over
//! [`usermgmt_core`].
//!
//! [`router`] serves registration, confirmation, sign-in, sessions, password
//! reset, profile and a second factor as JSON, the pages that mailed links open,
//! and an API for a team's other services. Extractors tell a host's own routes
//! who is asking.
//!
//! # An application with accounts
//!
//! ```
//! use std::net::SocketAddr;
//!
//! use axum::{Router, routing::get};
//! use usermgmt_axum::{CurrentUser, HttpConfig, HttpState};
//! use usermgmt_core::{Auth, Config, KeyRing};
//! use usermgmt_core::store::MemoryStore;
//!
//! async fn hello(current: CurrentUser) -> String {
//!     format!("Hello, {}!", current.user.username)
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // In memory for a first try; usermgmt-store-sql and -mongo keep accounts.
//! let (store, secret) = (MemoryStore::new(), (0..32).collect());
//! let config = Config::new("http://127.0.0.1:3000".parse()?);
//! let auth = Auth::builder(store, KeyRing::single(secret)?, config).build().await?;
//!
//! let state = HttpState::new(auth, HttpConfig::default());
//! let app = Router::new()
//!     .route("/hello", get(hello))
//!     .with_state(state.clone())
//!     .merge(usermgmt_axum::router(state));
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: limits
//! and sessions want to know the client's address. The log says so where it is
//! missing.
//!
//! # Where to go next
//!
//! - **Who is asking**: [`CurrentUser`] asks the store, [`AccessClaims`] only the
//!   token; [`RequireAdmin`] and [`Require`] refuse who may not. All of them work
//!   with any state that gives an [`HttpState`]:
//!
//!   ```
//!   # use usermgmt_axum::HttpState;
//!   #[derive(Clone)]
//!   struct AppState { accounts: HttpState /* and what is your own */ }
//!
//!   impl axum::extract::FromRef<AppState> for HttpState {
//!       fn from_ref(state: &AppState) -> Self { state.accounts.clone() }
//!   }
//!   ```
//! - **More than a session** for what is worth it, a recent sign-in or a second
//!   factor: [`HttpState::require`], whose error answers 403.
//! - **Other paths, or only some of it**: [`Routes`].
//! - **A route of your own in place of a built-in one**: [`Routes::replaced`]. It
//!   calls the same flow; [`ApiError`] is made from every flow's error, so `?`
//!   keeps the answers as they are:
//!
//!   ```
//!   use axum::extract::State;
//!   use usermgmt_axum::{ApiError, ClientInfo, HttpState, Routes};
//!
//!   /// Our addresses only.
//!   async fn resend(
//!       State(state): State<HttpState>,
//!       ClientInfo(client): ClientInfo,
//!       address: String,
//!   ) -> Result<&'static str, ApiError> {
//!       if address.ends_with("@example.com") {
//!           state.auth().resend_confirmation(&address, &client).await?;
//!       }
//!       Ok("Sent")
//!   }
//!
//!   # fn app(state: HttpState) -> axum::Router {
//!   axum::Router::new()
//!       .route("/api/v1/resend-confirmation", axum::routing::post(resend))
//!       .with_state(state.clone())
//!       .merge(Routes::all().replaced("resend_confirmation").router(state))
//!   # }
//!   ```
//! - **Request ids, security headers and limits around your own routes**: [`with_layers`].
//! - **Proxies, origins, time limits**: [`HttpConfig`].
//! - **A server that is nothing else**: [`standalone`].
//! - **Pages for people**, with the feature `pages`: register, sign in, my account
//!   under `/account`. Whoever signs in there is a [`CurrentUser`] by cookie.
//! - **Pages for administrators**, with the feature `admin-pages`: under
//!   `/web3m-admin`, or where [`admin_path`](field@HttpConfig::admin_path) says.
//! - **Passkeys**, with the feature `passkeys`, and **providers** (OpenID Connect,
//!   GitHub), with the feature `oidc`: each is on where
//!   [`Config`](usermgmt_core::Config) says so.
//! - **Your colour and logo** on them, your texts and layout: [`PageLook`]. A page of
//!   your own in the place of a built-in one: [`Routes::replaced_page`].
//! - **Documentation to read and try**, with the feature `docs`, at `/` of a
//!   [`standalone`] server.
//! - **What is served**: [`openapi`], and `GET /openapi.json`.

mod account;
#[cfg(feature = "oidc")]
mod account_path;
mod admin;
mod answer;
mod body;
mod browser;
mod client;
mod config;
mod error;
mod extract;
mod fallback;
mod host;
mod language;
mod layers;
mod left_out;
#[cfg(feature = "pages")]
mod meant;
mod mount;
mod openapi;
mod page_look;
mod page_texts;
mod pages;
mod path;
mod root;
mod routes;
mod state;
mod users;
mod validate;
mod warn;

use axum::Router;

pub use self::client::ClientInfo;
pub use self::config::{HttpCompat, HttpConfig};
pub use self::error::ApiError;
pub use self::extract::{
    AccessClaims, CurrentUser, Require, RequireAdmin, Requirement, require_role,
};
pub use self::fallback::not_found;
pub use self::layers::{CorsOrigin, InvalidOrigin, with_layers};
#[cfg(feature = "pages")]
pub use self::page_look::export_page_templates;
pub use self::page_look::{InvalidLook, PageLook};
pub use self::routes::{ACCOUNT_PATH, ADMIN_PATH, Routes, USERS_PATH, openapi};
pub use self::state::HttpState;

/// Everything: the APIs under their paths, and at the root the pages, the keys,
/// health and the API's description. It has no fallback outside of the two APIs,
/// so it merges with any application.
pub fn router(state: HttpState) -> Router {
    Routes::all().router(state)
}

/// The path of every account page: for the rules of a proxy, and for tests of who may
/// see them.
#[cfg(feature = "pages")]
pub fn account_page_paths() -> Vec<&'static str> {
    pages::account::paths()
}

/// Method and path of every page for administrators, under the path where they
/// are: for the rules of a proxy, and for tests of who may see them.
#[cfg(feature = "admin-pages")]
pub fn admin_page_routes() -> Vec<(axum::http::Method, &'static str)> {
    pages::admin::paths()
}

/// A whole server: [`router`], a page at the root that says what runs here, with
/// the feature `docs` every endpoint to read and try, and 404 for the rest.
pub fn standalone(state: HttpState) -> Router {
    let base = state.auth().config().public_url.path().trim_end_matches('/').to_owned();
    let front = || axum::routing::get(pages::front);
    let mut rest = Router::new().route("/", front());
    #[cfg(feature = "docs")]
    {
        rest = rest.merge(pages::docs::assets());
    }
    if !base.is_empty() {
        rest = rest.clone().nest(&base, rest).route(&format!("{base}/"), front());
    }
    let rest = with_layers(fallback::method(rest).fallback(not_found), &state);
    router(state.clone()).merge(rest.with_state(state))
}
