//! The second step of a sign-in: what can be answered with, and the forms for it.

use maud::{Markup, html};
#[cfg(feature = "passkeys")]
use serde_json::Value;
use usermgmt_core::flows::{MfaSignInError, SignedIn};
use usermgmt_core::secret::PlaintextPassword;

use super::form::{Field, Problems};
use super::guest::Guest;
#[cfg(feature = "passkeys")]
use super::passkeys::{ABLE, Ceremony, credential};

/// What a first factor that was right leads to.
pub(in crate::pages) struct SecondStep {
    /// Stands for the first factor, for five minutes.
    ticket: String,
    /// What the user can answer with, as the core names it.
    methods: String,
    /// What the browser is asked, where that is a passkey.
    #[cfg(feature = "passkeys")]
    passkey: Option<Value>,
}

impl SecondStep {
    pub(super) async fn new(guest: &Guest, ticket: &str, methods: String) -> Self {
        #[cfg(feature = "passkeys")]
        let passkey = if methods.contains("passkey") {
            let secret = PlaintextPassword::from(ticket);
            let asked = guest.visit.auth().mfa_passkey_options(&secret, &guest.visit.client);
            // Without it there is another way, and where there is none the ticket is no good.
            asked.await.ok()
        } else {
            None
        };
        #[cfg(not(feature = "passkeys"))]
        let _ = guest;
        Self {
            ticket: ticket.to_owned(),
            methods,
            #[cfg(feature = "passkeys")]
            passkey,
        }
    }

    /// The same step again, after an answer that was wrong.
    pub(super) async fn again(guest: &Guest) -> Self {
        let form = &guest.visit.form;
        Self::new(guest, form.text("ticket"), form.text("methods").to_owned()).await
    }

    /// Whether the form brought no answer.
    pub(super) fn is_unanswered(guest: &Guest) -> bool {
        let form = &guest.visit.form;
        #[cfg(feature = "passkeys")]
        if credential(form).is_some() {
            return false;
        }
        form.text("code").trim().is_empty()
    }

    /// Signs in by the answer that the form brought.
    pub(super) async fn finish(guest: &Guest) -> Result<SignedIn, MfaSignInError> {
        let (auth, form, client) = (guest.visit.auth(), &guest.visit.form, &guest.visit.client);
        let ticket = PlaintextPassword::from(form.text("ticket"));
        #[cfg(feature = "passkeys")]
        if let Some(credential) = credential(form) {
            return auth.sign_in_mfa_by_passkey(&ticket, &credential, client).await;
        }
        let code = PlaintextPassword::from(form.text("code").trim());
        auth.sign_in_mfa(&ticket, &code, client).await
    }

    /// What is wrong with the answer that the form brought.
    pub(super) fn wrong(guest: &Guest) -> Problems {
        #[cfg(feature = "passkeys")]
        if credential(&guest.visit.form).is_some() {
            return Problems::of_form(guest.visit.visitor.texts.passkeys.refused);
        }
        Problems::of_field("code", guest.texts().wrong_code)
    }

    /// The forms for the answer, which post there.
    pub(in crate::pages) fn forms(
        &self,
        guest: &Guest,
        action: &str,
        going: &Markup,
        problems: &Problems,
    ) -> Markup {
        let texts = guest.texts();
        let fields = html! {
            (going)
            input type="hidden" name="ticket" value=(self.ticket);
            input type="hidden" name="methods" value=(self.methods);
        };
        #[cfg(feature = "passkeys")]
        let (fields, passkey, text) = {
            let form = &guest.visit.form;
            let fields = html! {
                (fields)
                @if !form.text(ABLE).is_empty() {
                    input type="hidden" name=(ABLE) value=(form.text(ABLE));
                }
            };
            let passkey = self.passkey(guest, action, &fields);
            let has_app = self.methods.contains("totp") || self.passkey.is_none();
            let recovery = guest.visit.visitor.texts.passkeys.recovery;
            (fields, passkey, if has_app { texts.code_text } else { recovery })
        };
        #[cfg(not(feature = "passkeys"))]
        let (passkey, text) = (html! {}, texts.code_text);
        html! {
            (passkey)
            @if self.takes_codes() {
                p { (text) }
                form method="post" action=(action) novalidate {
                    (fields)
                    (Field::code(texts.code).show(problems))
                    button type="submit" { (texts.go_on) }
                }
            }
        }
    }

    /// Whether anything but a passkey is an answer.
    fn takes_codes(&self) -> bool {
        self.methods.split(' ').any(|method| method != "passkey")
    }

    #[cfg(feature = "passkeys")]
    fn passkey(&self, guest: &Guest, action: &str, fields: &Markup) -> Markup {
        let Some(options) = &self.passkey else { return html! {} };
        let ceremony = Ceremony {
            action,
            makes: false,
            options,
            fields: fields.clone(),
            label: guest.visit.visitor.texts.passkeys.use_one,
            is_quiet: false,
            begins: false,
        };
        ceremony.show(&guest.visit.visitor)
    }
}
