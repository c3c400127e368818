//! POST /users/bulk: the same done to many accounts, once it is said to whom.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::UserId;
use usermgmt_core::flows::{AdminError, BulkOutcome};

use super::actions::Action;
use super::frame::{Frame, Question, Section, refuse};
use super::visit::Admin;
use crate::error::ApiError;
use crate::pages::account::form::Problems;

/// The most users at once, as at the admin API.
const MOST: usize = 200;

pub(super) async fn submit(admin: Admin) -> Response {
    let mut ids: Vec<UserId> = Vec::new();
    for id in admin.fields.all("ids").filter_map(|id| id.parse().ok()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let action = Action::from_name(admin.fields.text("action"));
    let (Some(action), 1..=MOST) = (action.filter(|one| one.in_bulk().is_some()), ids.len()) else {
        return nobody(&admin);
    };
    if admin.fields.text("sure") != "yes" {
        return ask(&admin, action, &ids).await;
    }
    let Some(bulk) = action.in_bulk() else { return nobody(&admin) };
    let outcome = admin.auth().bulk(&admin.by, bulk, &ids).await;
    if outcome.failed.is_empty() {
        return admin.done(&back(&admin), "bulk");
    }
    report(&admin, action, outcome)
}

/// The list that it was chosen from.
fn back(admin: &Admin) -> String {
    let query = admin.fields.text("back");
    let query = if query.starts_with('?') { query } else { "" };
    format!("{}{query}", admin.path("/users"))
}

fn nobody(admin: &Admin) -> Response {
    let problems = Problems::of_form(admin.texts().nobody_chosen);
    let body = html! { p { a.button.quiet href=(back(admin)) { (admin.texts().back) } } };
    Frame::of(admin, Section::Users, body).problems(problems).invalid()
}

async fn ask(admin: &Admin, action: Action, ids: &[UserId]) -> Response {
    let mut users = Vec::new();
    for id in ids {
        match admin.auth().admin_user(id).await {
            Ok(listed) => users.push(listed.user),
            // Deleted since the list was shown.
            Err(AdminError::NotFound) => {}
            Err(error) => return refuse(admin, Section::Users, error.into()),
        }
    }
    if users.is_empty() {
        return nobody(admin);
    }
    let texts = admin.texts();
    let said = texts.action(action.name());
    let question = Question {
        section: Section::Users,
        title: said.label,
        text: said.text,
        to: html! {
            p #chosen { strong { (texts.chosen(users.len())) } }
            // A long list is scrolled, by the keyboard too.
            ul.whom tabindex="0" aria-labelledby="chosen" {
                @for user in &users {
                    li { strong { (user.username.as_str()) } " " (user.email.as_str()) }
                }
            }
        },
        action: admin.path("/users/bulk"),
        back: back(admin),
        fields: html! {
            input type="hidden" name="action" value=(action.name());
            input type="hidden" name="back" value=(admin.fields.text("back"));
            input type="hidden" name="sure" value="yes";
            @for user in &users { input type="hidden" name="ids" value=(user.id); }
        },
        destroys: action.destroys(),
    };
    question.ask(admin)
}

/// What was not done, and why.
fn report(admin: &Admin, action: Action, outcome: BulkOutcome) -> Response {
    let texts = admin.texts();
    let why = |error: AdminError| {
        let refusal = ApiError::from(error);
        if refusal.code().is_none() {
            // A fault has no code of its own: what it is stands in the log alone.
            tracing::error!(cause = refusal.cause(), "an action on many users failed at one");
        }
        admin.explained(&refusal)
    };
    let failed: Vec<(UserId, String)> =
        outcome.failed.into_iter().map(|(id, error)| (id, why(error))).collect();
    let body: Markup = html! {
        p { (texts.bulk_done(outcome.done.len())) }
        p { strong { (texts.bulk_failed) } }
        ul.whom {
            @for (id, why) in &failed {
                li { a href=(admin.user_path(id)) { (id) } ": " (why) }
            }
        }
        p { a.button.quiet href=(back(admin)) { (texts.back) } }
    };
    let title = texts.action(action.name()).label;
    Frame::titled(admin, Section::Users, title, body).into_response()
}
