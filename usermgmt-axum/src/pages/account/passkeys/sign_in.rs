//! POST /account/sign-in/passkey

use axum::response::{IntoResponse as _, Response};
use usermgmt_core::flows::PasskeySignInError;

use super::ceremony::credential;
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
