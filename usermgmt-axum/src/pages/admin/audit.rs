//! GET /audit: what happened, the latest first, filtered, a page at a time.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::UserId;
use usermgmt_core::flows::ListingError;
use usermgmt_core::model::audit::{Actor, AuditEntry};
use usermgmt_core::store::directory::AuditFilter;

use super::controls::{day, time};
use super::filter;
use super::frame::{Frame, Section, refuse};
use super::paging::{self, ROWS};
use super::visit::Admin;
use crate::pages::account::form::Problems;

const NAMES: [&str; 5] = ["user", "actor", "action", "from", "to"];

pub(super) async fn show(admin: Admin) -> Response {
    let mut problems = Problems::default();
    let filter = read(&admin, &mut problems);
    if !problems.is_empty() {
        let body = search(&admin, &problems);
        return Frame::of(&admin, Section::Audit, body).problems(problems).invalid();
    }
    match admin.auth().admin_audit(&filter, ROWS, admin.fields.given("cursor")).await {
        Ok(listing) => {
            let kept = NAMES.map(|name| (name, admin.fields.text(name)));
            let body = html! {
                (search(&admin, &problems))
                (table(&admin, &listing.rows))
                (paging::links(&admin, "/audit", &kept, &listing))
            };
            Frame::of(&admin, Section::Audit, body).into_response()
        }
        Err(error @ ListingError::Cursor) => {
            let problems = Problems::of_form(admin.texts().bad_cursor);
            let body = search(&admin, &problems);
            Frame::of(&admin, Section::Audit, body).problems(problems).answer(error.into())
        }
        Err(error) => refuse(&admin, Section::Audit, error.into()),
    }
}

fn read(admin: &Admin, problems: &mut Problems) -> AuditFilter {
    let fields = &admin.fields;
    let user = fields.given("user").and_then(|typed| {
        problems.take("user", typed.parse().map_err(|_| admin.texts().no_id.to_owned()))
    });
    AuditFilter {
        user,
        actor: fields.given("actor").map(str::to_owned),
        action: fields.given("action").map(str::to_owned),
        from: filter::day(fields, "from", admin, problems),
        to: filter::day(fields, "to", admin, problems),
    }
}

fn search(admin: &Admin, problems: &Problems) -> Markup {
    let (texts, fields) = (admin.texts(), &admin.fields);
    html! {
        form.search method="get" action=(admin.path("/audit")) role="search" {
            div.filters {
                @for (name, label, hint) in [
                    ("user", texts.user_id, ""),
                    ("actor", texts.actor_id, ""),
                    ("action", texts.action, "user.disabled"),
                ] {
                    div.field {
                        label for=(name) { (label) }
                        (problems.field_problem(name))
                        input id=(name) type="text" name=(name) value=(fields.text(name)) maxlength="64"
                            placeholder=[(!hint.is_empty()).then_some(hint)]
                            autocomplete="off" autocapitalize="none" spellcheck="false";
                    }
                }
                (day("from", texts.from, fields.text("from"), problems))
                (day("to", texts.before, fields.text("to"), problems))
            }
            div.row {
                button type="submit" { (texts.find) }
                a.button.quiet href=(admin.path("/audit")) { (texts.clear) }
            }
        }
    }
}

/// Entries of the audit log.
pub(super) fn table(admin: &Admin, entries: &[AuditEntry]) -> Markup {
    let texts = admin.texts();
    html! {
        @if entries.is_empty() {
            p.empty { (texts.no_entries) }
        } @else {
            table.cards.log {
                caption.hidden { (texts.audit) }
                thead {
                    tr {
                        th scope="col" { (texts.when) }
                        th scope="col" { (texts.what) }
                        th scope="col" { (texts.to_whom) }
                        th scope="col" { (texts.by_whom) }
                        th scope="col" { (texts.from_where) }
                    }
                }
                tbody { @for entry in entries { (line(admin, entry)) } }
            }
        }
    }
}

fn line(admin: &Admin, entry: &AuditEntry) -> Markup {
    let (texts, origin) = (admin.texts(), &entry.origin);
    // Services have ids of their own.
    let person =
        origin.actor_id.as_deref().filter(|_| matches!(origin.actor, Actor::User | Actor::Admin));
    let person: Option<UserId> = person.and_then(|id| id.parse().ok());
    html! {
        tr {
            td.when data-label=(texts.when) { (time(entry.at)) }
            th scope="row" {
                code { (entry.action) }
                @if !entry.detail.is_empty() { span.soft.name { (entry.detail.join(", ")) } }
            }
            td data-label=(texts.to_whom) {
                @if let Some(id) = &entry.user_id { a.id href=(admin.user_path(id)) { (id) } }
            }
            td data-label=(texts.by_whom) {
                (texts.actor(origin.actor)) " "
                @match (&person, &origin.actor_id) {
                    (Some(id), _) => a.id href=(admin.user_path(id)) { (id) },
                    (None, Some(id)) => span.id { (id) },
                    (None, None) => {}
                }
            }
            td data-label=(texts.from_where) {
                @if let Some(ip) = origin.ip { (ip) }
                @if let Some(agent) = &origin.user_agent { span.soft.name { (agent) } }
                @if let Some(request) = &origin.request_id { span.soft.name.id { (request) } }
            }
        }
    }
}
