//! GET and POST /account/register

use axum::response::{IntoResponse as _, Response};
use maud::html;
use usermgmt_core::flows::{Register, RegisterError};
use usermgmt_core::model::identifier::Username;
use usermgmt_core::password::{MAX_LENGTH, MIN_LENGTH};
use usermgmt_core::secret::PlaintextPassword;

use super::form::{Field, Problems};
use super::guest::Guest;
use super::look::{self, Sheet};
use super::provider_links;
use crate::error::ApiError;

pub(super) async fn show(guest: Guest) -> Response {
    match guest.passes().await {
        Some(onward) => onward,
        None => page(&guest, &Problems::default()).into_response(),
    }
}

pub(super) async fn submit(guest: Guest) -> Response {
    let command = match read(&guest) {
        Ok(command) => command,
        Err(problems) => return look::invalid(page(&guest, &problems)),
    };
    match guest.visit.auth().register(&command, &guest.visit.client).await {
        Ok(_) => sent(&guest).into_response(),
        Err(error) => {
            let problems = match &error {
                RegisterError::UsernameTaken => {
                    Problems::of_field("username", guest.texts().username_taken)
                }
                RegisterError::EmailTaken => Problems::of_field("email", guest.texts().email_taken),
                RegisterError::Password(problem) => Problems::of_field(
                    "password",
                    guest.visit.visitor.texts.password_problem(problem),
                ),
                RegisterError::Unreachable(_) => {
                    Problems::of_field("email", guest.texts().unreachable)
                }
                RegisterError::Service(_) => {
                    let refusal = ApiError::from(error);
                    let problems =
                        Problems::of_form(look::explained(&guest.visit.visitor, &refusal));
                    return look::answer(refusal, page(&guest, &problems));
                }
            };
            look::answer(ApiError::from(error), page(&guest, &problems))
        }
    }
}

fn read(guest: &Guest) -> Result<Register, Problems> {
    let (texts, form) = (guest.texts(), &guest.visit.form);
    let mut problems = Problems::default();
    let username = Username::parse(form.text("username").trim(), Username::MAX_OWN)
        .map_err(|problem| texts.username_problem(&problem));
    let username = problems.take("username", username);
    let email = guest.visit.visitor.state().email(form.text("email").trim());
    let email = email.map_err(|_| texts.no_email.to_owned());
    let email = problems.take("email", email);
    let typed = form.text("password");
    let accepted = guest.visit.auth().check_password_shape(typed);
    let password = problems.take(
        "password",
        accepted.map_err(|problem| guest.visit.visitor.texts.password_problem(&problem)),
    );
    match (username, email, password) {
        (Some(username), Some(email), Some(())) => {
            Ok(Register::new(username, email, PlaintextPassword::from(typed)))
        }
        _ => Err(problems),
    }
}

fn page<'a>(guest: &'a Guest, problems: &'a Problems) -> Sheet<'a> {
    let (texts, form) = (guest.texts(), &guest.visit.form);
    let username = Field::text("username", texts.username, "username")
        .value(form.text("username"))
        .max(Username::MAX_OWN);
    let email = Field::email("email", texts.email, "email").value(form.text("email")).max(320);
    let password = Field::password("password", texts.password, "new-password")
        .hint(guest.visit.visitor.texts.reset.text(MIN_LENGTH))
        .max(MAX_LENGTH);
    let body = html! {
        form method="post" action=(guest.path("/account/register")) novalidate {
            (guest.going())
            (username.show(problems))
            (email.show(problems))
            (password.show(problems))
            button type="submit" { (texts.register) }
        }
        (provider_links::links(guest))
        ul.links { li { a href=(guest.link("/account/sign-in")) { (texts.have_account) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.register, body).problems(problems)
}

/// The same whether or not the address has an account.
fn sent(guest: &Guest) -> Sheet<'_> {
    let texts = guest.texts();
    let address = guest.visit.form.text("email").trim();
    let body = html! {
        p { (texts.registered) " " strong { (address) } }
        p { (texts.registered_next) }
        ul.links { li { a href=(guest.link("/account/sign-in")) { (texts.sign_in) } } }
    };
    Sheet::new(&guest.visit.visitor, texts.check_mail, body)
}
