//! The account API: what a person does with their own account.

mod confirm;
mod delete;
mod email;
mod error;
mod mfa;
mod password;
mod profile;
mod protected;
mod refresh;
mod register;
mod sessions;
mod sign_in;
mod sign_in_mfa;
mod sign_out;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::error::{link, reset};
use crate::mount::Mount as _;
use crate::state::HttpState;

/// All of it, relative to where it is mounted.
pub(crate) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .mount(routes!(register::register))
        .mount(routes!(confirm::resend_confirmation))
        .mount(routes!(confirm::confirm))
        .mount(routes!(sign_in::sign_in))
        .mount(routes!(sign_out::sign_out))
        .mount(routes!(sign_out::sign_out_all))
        .mount(routes!(protected::protected))
        .mount(routes!(refresh::refresh))
        .mount(routes!(profile::show, profile::update, delete::delete))
        .mount(routes!(sessions::list))
        .mount(routes!(sessions::end))
        .mount(routes!(password::change))
        .mount(routes!(password::forgot))
        .mount(routes!(password::reset))
        .mount(routes!(email::confirm_change))
        .mount(routes!(email::undo_change))
        .mount(routes!(sign_in_mfa::sign_in_mfa))
        .mount(routes!(mfa::enrol, mfa::disable))
        .mount(routes!(mfa::confirm))
        .mount(routes!(mfa::recovery_codes))
}
