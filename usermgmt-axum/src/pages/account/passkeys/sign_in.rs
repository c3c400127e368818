//! POST /account/sign-in/passkey, and the button that leads there.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::{PasskeyError, PasskeySignInError};

use super::{CREDENTIAL, Ceremony, credential};
use crate::error::ApiError;
use crate::pages::account::form::Problems;
use crate::pages::account::guest::Guest;
use crate::pages::account::look;
use crate::pages::account::sign_in::{STEPS, Steps};

pub(super) async fn submit(guest: Guest) -> Response {
    STEPS.submit_passkey(guest).await
}

impl Steps {
    pub(in crate::pages) async fn submit_passkey(&self, guest: Guest) -> Response {
        let (auth, form) = (guest.visit.auth(), &guest.visit.form);
        if !auth.config().sign_in.passkeys {
            return look::refuse(&guest.visit.visitor, PasskeySignInError::Off.into());
        }
        let Some(credential) = credential(form) else {
            return (self.page)(&guest, &Problems::default()).into_response();
        };
        let request = form.text("request");
        match auth.sign_in_by_passkey(request, &credential, &guest.visit.client).await {
            Ok(signed_in) => guest.enter_at(&signed_in, &(self.target)(&guest)).await,
            Err(error) => {
                let texts = &guest.visit.visitor.texts.passkeys;
                let wrong = matches!(error, PasskeySignInError::Invalid);
                let refusal = ApiError::from(error);
                let problems = Problems::of_form(if wrong {
                    texts.refused.to_owned()
                } else {
                    look::explained(&guest.visit.visitor, &refusal)
                });
                look::answer(refusal, (self.page)(&guest, &problems))
            }
        }
    }
}

/// Signs in by a passkey, where passkeys are on. What the browser is asked is of
/// nobody, and so the same for everybody.
pub(in crate::pages) fn button(guest: &Guest, action: &str, fields: &Markup) -> Markup {
    let asked = match guest.visit.auth().passkey_sign_in_options() {
        Ok(asked) => asked,
        Err(PasskeyError::Off) => return html! {},
        Err(error) => {
            tracing::error!(%error, "passkeys are not offered");
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
