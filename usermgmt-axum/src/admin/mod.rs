//! The admin API: what administrators do with other people's accounts.

mod actions;
mod audit;
mod bulk;
mod create;
mod delete;
mod export;
mod gate;
mod list;
mod outbox;
mod page;
mod service_keys;
mod show;
mod summary;
mod update;
mod user;

use usermgmt_core::flows::AdminError;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::mount::Part;

/// All of it, relative to where it is mounted.
pub(crate) fn routes(part: Part<'_>) -> Part<'_> {
    part.mount(routes!(list::list))
        .mount(routes!(create::create))
        .mount(routes!(bulk::bulk))
        .mount(routes!(show::show))
        .mount(routes!(update::update))
        .mount(routes!(delete::delete))
        .mount(routes!(export::export))
        .mount(routes!(actions::disable))
        .mount(routes!(actions::enable))
        .mount(routes!(actions::confirm))
        .mount(routes!(actions::sign_out))
        .mount(routes!(actions::send_reset))
        .mount(routes!(actions::reset_mfa))
        .mount(routes!(audit::list))
        .mount(routes!(summary::summary))
        .mount(routes!(outbox::list))
        .mount(routes!(outbox::retry))
        .mount(routes!(outbox::delete))
        .mount(routes!(service_keys::list))
        .mount(routes!(service_keys::create))
        .mount(routes!(service_keys::revoke))
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound => Self::user_not_found(),
            AdminError::LastAdmin => Self::last_admin(),
            AdminError::Service(error) => error.into(),
        }
    }
}
