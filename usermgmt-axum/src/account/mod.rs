//! The account API: what a person does with their own account.

mod confirm;
mod delete;
mod email;
#[cfg(feature = "oidc")]
mod identities;
mod mfa;
#[cfg(feature = "passkeys")]
mod passkeys;
mod password;
mod profile;
mod protected;
mod reauthenticate;
mod refresh;
mod register;
pub(crate) mod sessions;
mod sign_in;
mod sign_in_email;
#[cfg(feature = "oidc")]
mod sign_in_exchange;
mod sign_in_methods;
mod sign_in_mfa;
#[cfg(feature = "passkeys")]
mod sign_in_passkey;
#[cfg(feature = "oidc")]
mod sign_in_provider;
mod sign_out;

use utoipa_axum::routes;

use crate::mount::Part;

/// All of it, relative to where it is mounted.
pub(crate) fn routes(part: Part<'_>) -> Part<'_> {
    #[cfg(feature = "oidc")]
    let part = part
        .mount(routes!(sign_in_provider::begin))
        .mount(routes!(sign_in_provider::callback))
        .mount(routes!(sign_in_exchange::exchange))
        .mount(routes!(identities::list))
        .mount(routes!(identities::link))
        .mount(routes!(identities::unlink));
    #[cfg(feature = "passkeys")]
    let part = part
        .mount(routes!(passkeys::options))
        .mount(routes!(passkeys::list))
        .mount(routes!(passkeys::add))
        .mount(routes!(passkeys::rename))
        .mount(routes!(passkeys::remove))
        .mount(routes!(sign_in_passkey::options))
        .mount(routes!(sign_in_passkey::sign_in))
        .mount(routes!(sign_in_passkey::mfa_options));
    part.mount(routes!(register::register))
        .mount(routes!(confirm::resend_confirmation))
        .mount(routes!(confirm::confirm))
        .mount(routes!(sign_in::sign_in))
        .mount(routes!(sign_in_methods::sign_in_methods))
        .mount(routes!(sign_in_email::request))
        .mount(routes!(sign_in_email::confirm))
        .mount(routes!(sign_out::sign_out))
        .mount(routes!(sign_out::sign_out_all))
        .mount(routes!(protected::protected))
        .mount(routes!(refresh::refresh))
        .mount(routes!(profile::show))
        .mount(routes!(profile::update))
        .mount(routes!(delete::delete))
        .mount(routes!(sessions::list))
        .mount(routes!(sessions::end))
        .mount(routes!(password::change))
        .mount(routes!(password::forgot))
        .mount(routes!(password::reset))
        .mount(routes!(email::confirm_change))
        .mount(routes!(email::undo_change))
        .mount(routes!(sign_in_mfa::sign_in_mfa))
        .mount(routes!(mfa::enrol))
        .mount(routes!(mfa::disable))
        .mount(routes!(mfa::confirm))
        .mount(routes!(mfa::recovery_codes))
}
