//! The pages that mailed links open. GET shows a page with one form and changes
//! nothing, because mail scanners follow links; its button posts to the same
//! address, and that does it.

#[cfg(feature = "pages")]
pub(crate) mod account;
mod activate;
#[cfg(feature = "admin-pages")]
pub(crate) mod admin;
mod confirm_email;
#[cfg(feature = "docs")]
pub(crate) mod docs;
mod email_change;
mod front;
mod html;
mod link;
mod not_me;
mod reset_password;
mod sign_in_email;
mod visit;

use utoipa_axum::routes;

pub(crate) use self::front::front;
pub(crate) use self::visit::LeadsOn;
use crate::mount::Part;

/// The pages, at the root.
pub(crate) fn routes(part: Part<'_>) -> Part<'_> {
    let part = part
        .mount(routes!(confirm_email::show))
        .mount(routes!(confirm_email::submit))
        .mount(routes!(activate::show))
        .mount(routes!(activate::submit))
        .mount(routes!(reset_password::show))
        .mount(routes!(reset_password::submit))
        .mount(routes!(sign_in_email::show));
    #[cfg(feature = "pages")]
    let part = part.mount(routes!(sign_in_email::submit));
    part.mount(routes!(email_change::show_confirm))
        .mount(routes!(email_change::submit_confirm))
        .mount(routes!(email_change::show_undo))
        .mount(routes!(email_change::submit_undo))
        .mount(routes!(not_me::show))
        .mount(routes!(not_me::submit))
}
