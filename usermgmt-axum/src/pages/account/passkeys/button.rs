//! The button that signs in by a passkey.

use maud::{Markup, html};
use usermgmt_core::flows::PasskeyError;
use usermgmt_core::with_causes;

use super::ceremony::{CREDENTIAL, Ceremony};
use crate::pages::account::guest::Guest;

/// Signs in by a passkey, where passkeys are on. What the browser is asked is of
/// nobody, and so the same for everybody.
pub(in crate::pages) fn button(guest: &Guest, action: &str, fields: &Markup) -> Markup {
    let asked = match guest.visit.auth().passkey_sign_in_options() {
        Ok(asked) => asked,
        Err(PasskeyError::Off) => return html! {},
        Err(error) => {
            tracing::error!(error = %with_causes(&error), "passkeys are not offered");
            return html! {};
        }
    };
    let form = &guest.visit.form;
    let ceremony = Ceremony {
        action,
        makes: false,
        options: &asked.options,
        fields: html! {
            (fields)
            input type="hidden" name="request" value=(asked.request);
        },
        label: guest.visit.visitor.texts.passkeys.sign_in,
        is_quiet: true,
        begins: !form.text("request").is_empty() && form.text(CREDENTIAL).is_empty(),
    };
    ceremony.show(&guest.visit.visitor)
}
