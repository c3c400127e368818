//! Pages for people whose team has no front end of its own: register, sign in,
//! forgot, my account. They call the same flows as the APIs, by a session that the
//! browser keeps as a cookie, and work without script.

pub(crate) mod cookies;
mod delete;
mod export;
mod forgot;
pub(in crate::pages) mod form;
pub(in crate::pages) mod guest;
#[cfg(feature = "oidc")]
mod identities;
mod languages;
pub(in crate::pages) mod look;
pub(in crate::pages) mod mail_sign_in;
mod member;
mod overview;
#[cfg(feature = "passkeys")]
pub(in crate::pages) mod passkeys;
mod profile;
#[cfg(feature = "oidc")]
pub(crate) mod provider;
mod provider_links;
mod register;
pub(crate) mod return_to;
mod second_factor;
pub(in crate::pages) mod second_step;
mod sessions;
pub(in crate::pages) mod sign_in;
mod sign_out;

use std::collections::BTreeSet;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::state::HttpState;

/// Every page's path, and who answers.
fn routes() -> Vec<(&'static str, MethodRouter<HttpState>)> {
    let routes: Vec<(&str, MethodRouter<HttpState>)> = vec![
        ("/account", get(overview::show)),
        ("/account/style.css", get(look::style)),
        ("/account/pages.js", get(look::script)),
        ("/account/logo", get(look::logo)),
        ("/account/sign-in", get(sign_in::show).post(sign_in::submit)),
        ("/account/sign-in/code", post(sign_in::submit_code)),
        ("/account/sign-in/email", get(mail_sign_in::show).post(mail_sign_in::request)),
        ("/account/sign-in/email/code", post(mail_sign_in::submit_code)),
        ("/account/register", get(register::show).post(register::submit)),
        ("/account/forgot", get(forgot::show).post(forgot::submit)),
        ("/account/sign-out", post(sign_out::submit)),
        ("/account/profile", post(profile::save)),
        ("/account/email", post(profile::change_email)),
        ("/account/password", post(profile::change_password)),
        ("/account/sessions/end", post(sessions::end)),
        #[cfg(feature = "oidc")]
        ("/account/identities/link", post(identities::link)),
        #[cfg(feature = "oidc")]
        ("/account/identities/unlink", post(identities::unlink)),
        ("/account/second-factor", post(second_factor::begin)),
        ("/account/second-factor/confirm", post(second_factor::confirm)),
        ("/account/second-factor/off", post(second_factor::turn_off)),
        ("/account/recovery-codes", post(second_factor::new_codes)),
        ("/account/export", get(export::export)),
        ("/account/delete", post(delete::submit)),
    ];
    #[cfg(feature = "passkeys")]
    let routes = routes.into_iter().chain(passkeys::routes()).collect();
    routes
}

/// The paths of the pages.
pub(crate) fn paths() -> Vec<&'static str> {
    routes().into_iter().map(|(path, _)| path).collect()
}

/// The pages but those whose paths are left out, at the root.
pub(crate) fn router(without: &BTreeSet<&str>) -> Router<HttpState> {
    let routes = routes().into_iter().filter(|(path, _)| !without.contains(path));
    routes.fold(Router::new(), |router, (path, route)| {
        router.route(path, route.clone()).route(&format!("{path}/"), route)
    })
}
