//! GET and POST /account/sign-in, and POST /account/sign-in/code for the second step.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::{MfaSignInError, SignIn, SignInError, SignInOutcome, SignedIn};
use usermgmt_core::secret::PlaintextPassword;

use super::form::{Field, Problems};
use super::guest::Guest;
use super::look::{self, Sheet};
#[cfg(feature = "passkeys")]
use super::passkeys;
use super::provider_links;
use super::second_step::SecondStep;
use crate::error::ApiError;

pub(super) async fn show(guest: Guest) -> Response {
    match guest.passes().await {
        Some(onward) => onward,
        None => page(&guest, &Problems::default()).into_response(),
    }
}

pub(super) async fn submit(guest: Guest) -> Response {
    STEPS.submit(guest).await
}

pub(super) async fn submit_code(guest: Guest) -> Response {
    STEPS.submit_code(guest).await
}

pub(super) const STEPS: Steps = Steps { page, code_page, target: Guest::target };

/// The steps of a sign-in by password, wherever its forms stand.
pub(in crate::pages) struct Steps {
    /// The form for name and password.
    pub(in crate::pages) page: for<'a> fn(&'a Guest, &'a Problems) -> Sheet<'a>,
    /// The forms for the second factor.
    pub(in crate::pages) code_page: for<'a> fn(&'a Guest, &SecondStep, &'a Problems) -> Sheet<'a>,
    /// Where it leads.
    pub(in crate::pages) target: fn(&Guest) -> String,
}

impl Steps {
    pub(in crate::pages) async fn submit(&self, guest: Guest) -> Response {
        let (identifier, password) =
            (guest.visit.form.text("identifier"), guest.visit.form.text("password"));
        let mut problems = Problems::default();
        for (field, typed) in [("identifier", identifier.trim()), ("password", password)] {
            if typed.is_empty() {
                problems.push(field, guest.texts().missing);
            }
        }
        if !problems.is_empty() {
            return look::invalid((self.page)(&guest, &problems));
        }
        let command = SignIn::new(identifier, PlaintextPassword::from(password));
        match guest.visit.auth().sign_in(&command, &guest.visit.client).await {
            Ok(SignInOutcome::SignedIn(signed_in)) => self.enter(&guest, &signed_in).await,
            Ok(SignInOutcome::MfaRequired { ticket, methods }) => {
                let step = SecondStep::new(&guest, ticket.expose(), methods.join(" ")).await;
                (self.code_page)(&guest, &step, &Problems::default()).into_response()
            }
            Err(error) => {
                let wrong = matches!(error, SignInError::InvalidCredentials);
                let refusal = ApiError::from(error);
                let problems = if wrong {
                    Problems::of_field("identifier", guest.texts().wrong_credentials)
                } else {
                    Problems::of_form(look::explained(&guest.visit.visitor, &refusal))
                };
                look::answer(refusal, (self.page)(&guest, &problems))
            }
        }
    }

    pub(in crate::pages) async fn submit_code(&self, guest: Guest) -> Response {
        if SecondStep::is_unanswered(&guest) {
            let problems = Problems::of_field("code", guest.texts().missing);
            let step = SecondStep::again(&guest).await;
            return look::invalid((self.code_page)(&guest, &step, &problems));
        }
        match SecondStep::finish(&guest).await {
            Ok(signed_in) => self.enter(&guest, &signed_in).await,
            Err(error) => {
                let wrong = matches!(error, MfaSignInError::InvalidCode);
                let refusal = ApiError::from(error);
                let problems = if wrong {
                    SecondStep::wrong(&guest)
                } else {
                    Problems::of_form(look::explained(&guest.visit.visitor, &refusal))
                };
                let step = SecondStep::again(&guest).await;
                look::answer(refusal, (self.code_page)(&guest, &step, &problems))
            }
        }
    }

    /// In with a new session, perhaps by way of the question whether they want a passkey.
    async fn enter(&self, guest: &Guest, signed_in: &SignedIn) -> Response {
        let target = (self.target)(guest);
        #[cfg(feature = "passkeys")]
        if let Some(question) = passkeys::offer(guest, signed_in, &target).await {
            return question;
        }
        guest.enter_at(signed_in, &target).await
    }
}

/// What a first factor of another kind leads to.
pub(super) async fn second_step(guest: &Guest, ticket: &str, methods: &[&str]) -> Response {
    let step = SecondStep::new(guest, ticket, methods.join(" ")).await;
    code_page(guest, &step, &Problems::default()).into_response()
}

fn page<'a>(guest: &'a Guest, problems: &'a Problems) -> Sheet<'a> {
    let texts = guest.texts();
    let identifier = Field::text("identifier", texts.identifier, autocomplete(guest))
        .value(guest.visit.form.text("identifier"))
        .max(320);
    let password = Field::password("password", texts.password, "current-password");
    let body = html! {
        form method="post" action=(guest.path("/account/sign-in")) novalidate {
            (guest.going())
            (able())
            (identifier.show(problems))
            (password.show(problems))
            button type="submit" { (texts.sign_in) }
        }
        (passkey(guest))
        (provider_links::links(guest))
        ul.links {
            @if guest.visit.auth().config().sign_in.email {
                li { a href=(guest.link("/account/sign-in/email")) { (texts.by_mail) } }
            }
            li { a href=(guest.link("/account/forgot")) { (texts.forgot) } }
            li { a href=(guest.link("/account/register")) { (texts.no_account) } }
        }
    };
    Sheet::new(&guest.visit.visitor, texts.sign_in, body).problems(problems)
}

fn code_page<'a>(guest: &'a Guest, step: &SecondStep, problems: &'a Problems) -> Sheet<'a> {
    let texts = guest.texts();
    let action = guest.path("/account/sign-in/code");
    let body = html! {
        (step.forms(guest, &action, &guest.going(), problems))
        ul.links { li { a href=(guest.link("/account/sign-in")) { (texts.start_again) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.second_factor, body).problems(problems)
}

/// What browsers fill the field for the name with (WebAuthn Level 3, 5.1.4): a passkey
/// too, where passkeys are on.
pub(in crate::pages) fn autocomplete(guest: &Guest) -> &'static str {
    let on = guest.visit.auth().config().sign_in.passkeys;
    if cfg!(feature = "passkeys") && on { "username webauthn" } else { "username" }
}

/// The button to sign in by a passkey.
#[cfg(feature = "passkeys")]
fn passkey(guest: &Guest) -> Markup {
    passkeys::button(guest, &guest.path("/account/sign-in/passkey"), &guest.going())
}

#[cfg(not(feature = "passkeys"))]
fn passkey(_: &Guest) -> Markup {
    html! {}
}

/// Where the script says that the browser can make a passkey.
#[cfg(feature = "passkeys")]
fn able() -> Markup {
    html! { input type="hidden" name=(passkeys::ABLE) value=""; }
}

#[cfg(not(feature = "passkeys"))]
fn able() -> Markup {
    html! {}
}
