//! GET and POST /account/sign-in, and POST /account/sign-in/code for the second factor.

use axum::response::{IntoResponse as _, Response};
use maud::html;
use usermgmt_core::flows::{MfaSignInError, SignIn, SignInError, SignInOutcome};
use usermgmt_core::secret::PlaintextPassword;

use super::form::{Field, Problems};
use super::guest::Guest;
use super::look::{self, Sheet};
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

const STEPS: Steps = Steps { page, code_page, target: Guest::target };

/// The steps of a sign-in by password, wherever its forms stand.
pub(in crate::pages) struct Steps {
    /// The form for name and password.
    pub(in crate::pages) page: for<'a> fn(&'a Guest, &'a Problems) -> Sheet<'a>,
    /// The form for the second factor, with the ticket that the first one earned.
    pub(in crate::pages) code_page: for<'a> fn(&'a Guest, &str, &'a Problems) -> Sheet<'a>,
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
            Ok(SignInOutcome::SignedIn(signed_in)) => {
                guest.enter_at(&signed_in, &(self.target)(&guest)).await
            }
            Ok(SignInOutcome::MfaRequired { ticket, .. }) => {
                (self.code_page)(&guest, ticket.expose(), &Problems::default()).into_response()
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
        let (ticket, code) =
            (guest.visit.form.text("ticket"), guest.visit.form.text("code").trim());
        if code.is_empty() {
            let problems = Problems::of_field("code", guest.texts().missing);
            return look::invalid((self.code_page)(&guest, ticket, &problems));
        }
        let (secret, typed) = (PlaintextPassword::from(ticket), PlaintextPassword::from(code));
        match guest.visit.auth().sign_in_mfa(&secret, &typed, &guest.visit.client).await {
            Ok(signed_in) => guest.enter_at(&signed_in, &(self.target)(&guest)).await,
            Err(error) => {
                let wrong = matches!(error, MfaSignInError::InvalidCode);
                let refusal = ApiError::from(error);
                let problems = if wrong {
                    Problems::of_field("code", guest.texts().wrong_code)
                } else {
                    Problems::of_form(look::explained(&guest.visit.visitor, &refusal))
                };
                look::answer(refusal, (self.code_page)(&guest, ticket, &problems))
            }
        }
    }
}

fn page<'a>(guest: &'a Guest, problems: &'a Problems) -> Sheet<'a> {
    let texts = guest.texts();
    let identifier = Field::text("identifier", texts.identifier, "username")
        .value(guest.visit.form.text("identifier"))
        .max(320);
    let password = Field::password("password", texts.password, "current-password");
    let body = html! {
        form method="post" action=(guest.path("/account/sign-in")) novalidate {
            (guest.going())
            (identifier.show(problems))
            (password.show(problems))
            button type="submit" { (texts.sign_in) }
        }
        (providers(guest))
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

/// The ticket stands for the password that was right, for five minutes.
pub(super) fn code_page<'a>(guest: &'a Guest, ticket: &str, problems: &'a Problems) -> Sheet<'a> {
    let texts = guest.texts();
    let body = html! {
        p { (texts.code_text) }
        form method="post" action=(guest.path("/account/sign-in/code")) novalidate {
            (guest.going())
            input type="hidden" name="ticket" value=(ticket);
            (Field::code(texts.code).show(problems))
            button type="submit" { (texts.go_on) }
        }
        ul.links { li { a href=(guest.link("/account/sign-in")) { (texts.start_again) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.second_factor, body).problems(problems)
}

/// Links to sign in by providers.
#[cfg(feature = "oidc")]
pub(super) use super::provider::links as providers;

#[cfg(not(feature = "oidc"))]
pub(super) fn providers(_: &Guest) -> maud::Markup {
    html! {}
}
