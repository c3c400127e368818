//! GET and POST /account/sign-in/email, POST /account/sign-in/email/code, and what
//! /sign-in/email has where there are these pages: signing in by mail.

use axum::response::{IntoResponse as _, Response};
use maud::html;
use usermgmt_core::flows::{MailSignInError, MailSignInRequestError, SignInOutcome};
use usermgmt_core::secret::PlaintextPassword;

use super::form::{Field, Problems};
use super::guest::Guest;
use super::look::{self, Sheet};
use super::sign_in;
use crate::error::ApiError;
use crate::pages::visit::Visit;

pub(super) async fn show(guest: Guest) -> Response {
    if !guest.visit.auth().config().sign_in.email {
        return look::refuse(&guest.visit.visitor, MailSignInError::Off.into());
    }
    match guest.passes().await {
        Some(onward) => onward,
        None => page(&guest, &Problems::default()).into_response(),
    }
}

pub(super) async fn request(guest: Guest) -> Response {
    let email = guest.visit.form.text("email").trim();
    if email.is_empty() {
        return look::invalid(page(&guest, &Problems::of_field("email", guest.texts().missing)));
    }
    match guest.visit.auth().mail_sign_in(email, &guest.visit.client).await {
        Ok(request) => code_page(&guest, request.expose(), &Problems::default()).into_response(),
        Err(error @ MailSignInRequestError::Unreachable(_)) => {
            let problems = Problems::of_field("email", guest.texts().unreachable);
            look::answer(error.into(), page(&guest, &problems))
        }
        Err(error) => {
            let refusal = ApiError::from(error);
            let problems = Problems::of_form(look::explained(&guest.visit.visitor, &refusal));
            look::answer(refusal, page(&guest, &problems))
        }
    }
}

pub(super) async fn submit_code(guest: Guest) -> Response {
    let form = &guest.visit.form;
    let (email, request) = (form.text("email").trim(), form.text("request"));
    let code = PlaintextPassword::from(form.text("code"));
    if code.expose().trim().is_empty() {
        let problems = Problems::of_field("code", guest.texts().missing);
        return look::invalid(code_page(&guest, request, &problems));
    }
    match guest.visit.auth().sign_in_by_code(email, &code, request, &guest.visit.client).await {
        Ok(outcome) => enter(&guest, outcome).await,
        Err(error) => {
            let problems = match error {
                MailSignInError::InvalidCode => {
                    Problems::of_field("code", guest.texts().wrong_mailed_code)
                }
                _ => Problems::default(),
            };
            let refusal = ApiError::from(error);
            if problems.is_empty() {
                return look::refuse(&guest.visit.visitor, refusal);
            }
            look::answer(refusal, code_page(&guest, request, &problems))
        }
    }
}

/// Whom a mailed link signs in, and the button that does it. Changes nothing.
pub(in crate::pages) fn link_page(visit: &Visit, name: &str) -> Response {
    let texts = &visit.visitor.texts.account;
    let action = format!("{}/sign-in/email", visit.visitor.base());
    let body = html! {
        p { (texts.link_signs_in.replace("{name}", name)) }
        form method="post" action=(action) {
            input type="hidden" name="token" value=(visit.token);
            button type="submit" { (texts.sign_in) }
        }
    };
    Sheet::new(&visit.visitor, texts.sign_in, body).into_response()
}

/// The button of that page.
pub(in crate::pages) async fn follow(guest: Guest) -> Response {
    match guest.visit.auth().sign_in_by_link(&guest.visit.token, &guest.visit.client).await {
        Ok(outcome) => enter(&guest, outcome).await,
        Err(error) => look::refuse(&guest.visit.visitor, error.into()),
    }
}

async fn enter(guest: &Guest, outcome: SignInOutcome) -> Response {
    match outcome {
        SignInOutcome::SignedIn(signed_in) => guest.enter(&signed_in).await,
        SignInOutcome::MfaRequired { ticket, methods } => {
            sign_in::second_step(guest, ticket.expose(), &methods).await
        }
    }
}

fn page<'a>(guest: &'a Guest, problems: &'a Problems) -> Sheet<'a> {
    let texts = guest.texts();
    let email =
        Field::email("email", texts.email, "email").value(guest.visit.form.text("email")).max(320);
    let body = html! {
        p { (texts.by_mail_text) }
        form method="post" action=(guest.path("/account/sign-in/email")) novalidate {
            (guest.going())
            (email.show(problems))
            button type="submit" { (texts.send_mail) }
        }
        ul.links { li { a href=(guest.link("/account/sign-in")) { (texts.by_password) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.sign_in, body).problems(problems)
}

/// The same for every address.
fn code_page<'a>(guest: &'a Guest, request: &str, problems: &'a Problems) -> Sheet<'a> {
    let texts = guest.texts();
    let email = guest.visit.form.text("email").trim();
    let body = html! {
        p { (texts.mailed) " " strong { (email) } }
        p { (texts.mailed_next) }
        form method="post" action=(guest.path("/account/sign-in/email/code")) novalidate {
            (guest.going())
            input type="hidden" name="email" value=(email);
            input type="hidden" name="request" value=(request);
            (Field::code(texts.code).digits().show(problems))
            button type="submit" { (texts.sign_in) }
        }
        ul.links { li { a href=(guest.link("/account/sign-in/email")) { (texts.start_again) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.check_mail, body).problems(problems)
}
