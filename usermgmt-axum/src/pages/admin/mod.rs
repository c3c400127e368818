//! Pages for administrators, over the same flows as the admin API, by a session
//! that the browser keeps as a cookie. They work without script.

mod actions;
mod again;
#[cfg(feature = "passkeys")]
mod again_passkey;
mod audit;
mod bulk;
mod chart;
mod controls;
mod create;
mod dashboard;
mod details;
mod edit;
mod export;
mod fields;
mod filter;
mod frame;
mod gate;
mod mail;
mod paging;
mod service_keys;
mod sign_in;
mod user;
mod users;
mod visit;

use axum::Router;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};

use self::gate::{reads, writes};
use super::account::guest::redirect;
use super::account::look::asset;
use super::visit::Visitor;
use crate::state::HttpState;

/// What these pages have besides those of the account.
const STYLE: &str = include_str!("admin.css");

/// Every route under the pages' path, and who answers.
fn routes() -> Vec<(Method, &'static str, MethodRouter<HttpState>)> {
    vec![
        (Method::GET, "", reads(dashboard::show)),
        (Method::GET, "/style.css", get(style)),
        (Method::GET, "/sign-in", get(sign_in::show)),
        (Method::POST, "/sign-in", post(sign_in::submit)),
        (Method::POST, "/sign-in/code", post(sign_in::submit_code)),
        #[cfg(feature = "passkeys")]
        (Method::POST, "/sign-in/passkey", post(sign_in::submit_passkey)),
        (Method::GET, "/users", reads(users::show)),
        (Method::POST, "/users/bulk", writes(bulk::submit)),
        (Method::GET, "/users/new", reads(create::show)),
        (Method::POST, "/users/new", writes(create::submit)),
        (Method::GET, "/users/{id}", reads(user::show)),
        (Method::POST, "/users/{id}", writes(edit::submit)),
        (Method::GET, "/users/{id}/export", reads(export::export)),
        (Method::GET, "/users/{id}/{action}", reads(actions::ask)),
        (Method::POST, "/users/{id}/{action}", writes(actions::submit)),
        (Method::GET, "/audit", reads(audit::show)),
        (Method::GET, "/mail", reads(mail::show)),
        (Method::POST, "/mail/{id}/retry", writes(mail::retry)),
        (Method::GET, "/mail/{id}/drop", reads(mail::ask)),
        (Method::POST, "/mail/{id}/drop", writes(mail::drop)),
        (Method::GET, "/service-keys", reads(service_keys::show)),
        (Method::POST, "/service-keys", writes(service_keys::create)),
        (Method::GET, "/service-keys/{id}/revoke", reads(service_keys::ask)),
        (Method::POST, "/service-keys/{id}/revoke", writes(service_keys::revoke)),
    ]
}

/// Methods and paths of the pages, under the path where they are.
pub(crate) fn paths() -> Vec<(Method, &'static str)> {
    routes().into_iter().map(|(method, path, _)| (method, path)).collect()
}

/// The pages under this path, and `/admin`, which leads there.
pub(crate) fn router(at: &str) -> Router<HttpState> {
    let mut router = Router::new();
    for (_, path, route) in routes() {
        let path = format!("{at}{path}");
        router = router.route(&path, route.clone()).route(&format!("{path}/"), route);
    }
    if at == "/admin" {
        return router;
    }
    let target = format!("{at}/");
    let lead =
        get(
            move |visitor: Visitor| async move { redirect(&format!("{}{target}", visitor.base())) },
        );
    router.route("/admin", lead.clone()).route("/admin/", lead)
}

/// GET /style.css
async fn style(visitor: Visitor) -> axum::response::Response {
    asset("text/css; charset=utf-8", visitor.look().over(STYLE))
}
