//! The users API: what a team's other services ask about users.

mod activation;
mod auth_check;
mod caller;
pub(crate) mod create;
mod delete;
mod end_user;
mod find;
mod health;
mod mfa;
mod password;
mod user;

use utoipa_axum::routes;

use crate::mount::Part;

/// All of it, relative to where it is mounted.
pub(crate) fn routes(part: Part<'_>) -> Part<'_> {
    part.mount(routes!(create::create))
        .mount(routes!(activation::activate))
        .mount(routes!(activation::resend))
        .mount(routes!(find::by_identifier))
        .mount(routes!(delete::by_identifier))
        .mount(routes!(find::by_id))
        .mount(routes!(delete::by_id))
        .mount(routes!(auth_check::auth_check))
        .mount(routes!(password::forgot))
        .mount(routes!(password::reset))
        .mount(routes!(mfa::enable))
        .mount(routes!(mfa::disable))
        .mount(routes!(mfa::qr))
        .mount(routes!(mfa::status))
        .mount(routes!(mfa::verify))
        .mount(routes!(health::health))
}
