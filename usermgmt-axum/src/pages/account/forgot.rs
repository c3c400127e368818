//! GET and POST /account/forgot

use axum::response::{IntoResponse as _, Response};
use maud::html;

use super::form::{Field, Problems};
use super::guest::Guest;
use super::look::{self, Sheet};
use crate::error::ApiError;

pub(super) async fn show(guest: Guest) -> Response {
    page(&guest, &Problems::default()).into_response()
}

/// The same page whoever is asked for.
pub(super) async fn submit(guest: Guest) -> Response {
    let identifier = guest.visit.form.text("identifier").trim();
    if identifier.is_empty() {
        let problems = Problems::of_field("identifier", guest.texts().missing);
        return look::invalid(page(&guest, &problems));
    }
    match guest.visit.auth().forgot_password(identifier, &guest.visit.client).await {
        Ok(()) => sent(&guest).into_response(),
        Err(error) => {
            let refusal = ApiError::from(error);
            let problems = Problems::of_form(look::explained(&guest.visit.visitor, &refusal));
            look::answer(refusal, page(&guest, &problems))
        }
    }
}

fn page<'a>(guest: &'a Guest, problems: &'a Problems) -> Sheet<'a> {
    let texts = guest.texts();
    let identifier = Field::text("identifier", texts.identifier, "username")
        .value(guest.visit.form.text("identifier"))
        .max(320);
    let body = html! {
        p { (texts.forgot_text) }
        form method="post" action=(guest.path("/account/forgot")) novalidate {
            (guest.going())
            (identifier.show(problems))
            button type="submit" { (texts.send_link) }
        }
        ul.links { li { a href=(guest.link("/account/sign-in")) { (texts.sign_in) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.forgot, body).problems(problems)
}

fn sent(guest: &Guest) -> Sheet<'_> {
    let texts = guest.texts();
    let body = html! {
        p { (texts.forgot_sent) }
        ul.links { li { a href=(guest.link("/account/sign-in")) { (texts.sign_in) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.check_mail, body)
}
