//! GET and POST /sign-in, and POST /sign-in/code: the way in for administrators,
//! also where the browser has somebody else's session.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::{AdminAccess, AdminAccessError, Current};

use super::visit::root;
use crate::pages::account::form::{Field, Problems};
use crate::pages::account::guest::{Guest, redirect};
use crate::pages::account::look::{self, Sheet};
#[cfg(feature = "passkeys")]
use crate::pages::account::passkeys;
use crate::pages::account::second_step::SecondStep;
use crate::pages::account::sign_in::{Steps, autocomplete};
use crate::pages::visit::Visitor;

pub(super) async fn show(guest: Guest) -> Response {
    if let Some(current) = guest.session().await
        && guest.visit.auth().administrator(&current, AdminAccess::Read).is_ok()
    {
        return redirect(&target(&guest));
    }
    page(&guest, &Problems::default()).into_response()
}

pub(super) async fn submit(guest: Guest) -> Response {
    STEPS.submit(guest).await
}

pub(super) async fn submit_code(guest: Guest) -> Response {
    STEPS.submit_code(guest).await
}

#[cfg(feature = "passkeys")]
pub(super) async fn submit_passkey(guest: Guest) -> Response {
    STEPS.submit_passkey(guest).await
}

const STEPS: Steps = Steps { page, code_page, target };

/// Where they were going, where that is one of these pages.
fn target(guest: &Guest) -> String {
    let root = root(&guest.visit.visitor);
    let within = |wanted: &&str| {
        let rest = wanted.strip_prefix(root.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    guest.wanted().filter(within).map_or_else(|| format!("{root}/"), str::to_owned)
}

fn page<'a>(guest: &'a Guest, problems: &'a Problems) -> Sheet<'a> {
    let visitor = &guest.visit.visitor;
    let target = target(guest);
    let name = Field::text("identifier", guest.texts().identifier, autocomplete(guest))
        .value(guest.visit.form.text("identifier"));
    let body = html! {
        (form(visitor, &target, name, problems))
        (passkey(guest, &target))
        ul.links { li { a href={ (visitor.base()) "/account/forgot" } { (guest.texts().forgot) } } }
    };
    Sheet::new(visitor, visitor.texts.admin.administration, body).problems(problems)
}

fn form(visitor: &Visitor, target: &str, name: Field<'_>, problems: &Problems) -> Markup {
    let texts = &visitor.texts.account;
    html! {
        form method="post" action={ (root(visitor)) "/sign-in" } novalidate {
            (going(target))
            (name.max(320).show(problems))
            (Field::password("password", texts.password, "current-password").show(problems))
            button type="submit" { (texts.sign_in) }
        }
    }
}

/// The button to sign in by a passkey.
#[cfg(feature = "passkeys")]
fn passkey(guest: &Guest, target: &str) -> Markup {
    let action = format!("{}/sign-in/passkey", root(&guest.visit.visitor));
    passkeys::button(guest, &action, &going(target))
}

#[cfg(not(feature = "passkeys"))]
fn passkey(_: &Guest, _: &str) -> Markup {
    html! {}
}

/// Keeps where they are going, within a form.
fn going(target: &str) -> Markup {
    html! { input type="hidden" name="return_to" value=(target); }
}

fn code_page<'a>(guest: &'a Guest, step: &SecondStep, problems: &'a Problems) -> Sheet<'a> {
    let (texts, visitor) = (guest.texts(), &guest.visit.visitor);
    let root = root(visitor);
    let action = format!("{root}/sign-in/code");
    let body = html! {
        (step.forms(guest, &action, &going(&target(guest)), problems))
        ul.links { li { a href={ (root) "/sign-in" } { (texts.start_again) } } }
    };
    Sheet::new(visitor, texts.second_factor, body).problems(problems)
}

/// What somebody is shown whose session is no administrator's, or has no second
/// factor: why, and the way in.
pub(super) async fn for_others(
    visitor: &Visitor,
    current: &Current,
    why: AdminAccessError,
    target: &str,
) -> Response {
    let (texts, common) = (&visitor.texts.admin, &visitor.texts.account);
    let account = format!("{}/account", visitor.base());
    let enabled = match visitor.state().auth().mfa_status(&current.user.id).await {
        Ok(status) => status.enabled,
        Err(error) => return look::refuse(visitor, error.into()),
    };
    let none = Problems::default();
    let name = Field::text("identifier", common.identifier, "username");
    let way_in = form(visitor, target, name, &none);
    let forgot = html! { li { a href={ (visitor.base()) "/account/forgot" } { (common.forgot) } } };
    let needs_factor = why == AdminAccessError::MfaRequired;
    let body = html! {
        p { (common.signed_in_as) " " strong { (current.user.email.as_str()) } }
        @match (needs_factor, enabled) {
            (true, false) => {
                p { (texts.factor_missing) }
                ol {
                    li { (texts.factor_first) }
                    li { (texts.factor_then) }
                }
                p { a.button href={ (account) "#factor" } { (texts.factor_set_up) } }
            }
            (true, true) => { p { (texts.factor_unused) } (way_in) ul.links { (forgot) } }
            (false, _) => {
                p { (texts.no_admin) }
                (way_in)
                ul.links { (forgot) li { a href=(account) { (common.account) } } }
            }
        }
    };
    look::answer(why.into(), Sheet::new(visitor, texts.administration, body))
}
