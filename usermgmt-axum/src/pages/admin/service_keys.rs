//! GET and POST /service-keys, and POST /service-keys/{id}/revoke: the keys with
//! which other services call the users API.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::{ListingError, ServiceKeyError};
use usermgmt_core::model::ids::ServiceKeyId;
use usermgmt_core::model::service_key::ServiceKey;

use super::controls::{check, time, time_or_never};
use super::fields::segment;
use super::frame::{Frame, Question, Section, refuse};
use super::paging::{self, ROWS};
use super::visit::Admin;
use crate::error::ApiError;
use crate::pages::account::form::{Field, Problems};

pub(super) async fn show(admin: Admin) -> Response {
    match page(&admin, Problems::default()).await {
        Ok(page) => page.notice(admin.notice()).into_response(),
        Err(refusal) => refuse(&admin, Section::ServiceKeys, refusal),
    }
}

async fn page(admin: &Admin, problems: Problems) -> Result<Frame<'_>, ApiError> {
    let texts = admin.texts();
    let cursor = admin.fields.given("cursor");
    let listing = match admin.auth().admin_service_keys(ROWS, cursor).await {
        Ok(listing) => listing,
        // The first page is there in any case.
        Err(ListingError::Cursor) => admin.auth().admin_service_keys(ROWS, None).await?,
        Err(error) => return Err(error.into()),
    };
    let name = Field::text("name", texts.key_name, "off").value(admin.fields.text("name"));
    let body = html! {
        p { (texts.keys_text) }
        section.card aria-labelledby="new" {
            h2 #new { (texts.new_key) }
            (admin.form(&admin.path("/service-keys"), &html! {
                (name.hint(texts.key_name_hint).max(100).show(&problems))
                (check("allow_admin", texts.allow_admin, admin.fields.text("allow_admin") == "yes"))
                button type="submit" { (texts.create_key) }
            }))
        }
        (table(admin, &listing.rows))
        (paging::links(admin, "/service-keys", &[], &listing))
    };
    Ok(Frame::of(admin, Section::ServiceKeys, body).problems(problems))
}

fn table(admin: &Admin, keys: &[ServiceKey]) -> Markup {
    let texts = admin.texts();
    html! {
        @if keys.is_empty() {
            p.empty { (texts.no_keys) }
        } @else {
            table.cards {
                caption.hidden { (texts.service_keys) }
                thead {
                    tr {
                        th scope="col" { (texts.key_name) }
                        th scope="col" { (texts.rights) }
                        th scope="col" { (texts.created) }
                        th scope="col" { (texts.last_used) }
                        th scope="col" { (texts.status) }
                    }
                }
                tbody { @for key in keys { (line(admin, key)) } }
            }
        }
    }
}

fn line(admin: &Admin, key: &ServiceKey) -> Markup {
    let texts = admin.texts();
    html! {
        tr {
            th scope="row" { (key.name) span.soft.name.id { (key.id.as_str()) } }
            td data-label=(texts.rights) {
                (if key.allow_admin { texts.rights_admin } else { texts.rights_users })
            }
            td.when data-label=(texts.created) { (time(key.created_at)) }
            td.when data-label=(texts.last_used) { (time_or_never(key.last_used_at, admin)) }
            td data-label=(texts.status) {
                @match key.revoked_at {
                    Some(at) => span { span.badge.bad { (texts.revoked) } " " (time(at)) " UTC" },
                    None => a.button.quiet.perilous href=(revoke_path(admin, &key.id)) { (texts.revoke) "…" },
                }
            }
        }
    }
}

fn revoke_path(admin: &Admin, id: &ServiceKeyId) -> String {
    admin.path(&format!("/service-keys/{}/revoke", segment(id.as_str())))
}

/// Makes a key, and shows it this once.
pub(super) async fn create(admin: Admin) -> Response {
    let texts = admin.texts();
    let allow_admin = admin.fields.text("allow_admin") == "yes";
    let name = admin.fields.text("name");
    let error = match admin.auth().create_service_key(&admin.by, name, allow_admin).await {
        Ok((row, key)) => {
            let body = html! {
                div.card {
                    p { strong { (row.name) } }
                    p { (texts.key_once) }
                    p { code.secret data-copy { (key.expose()) } }
                    p { a.button href=(admin.path("/service-keys")) { (texts.key_kept) } }
                }
            };
            return Frame::titled(&admin, Section::ServiceKeys, texts.key_made, body)
                .into_response();
        }
        Err(error) => error,
    };
    let problems = match &error {
        ServiceKeyError::InvalidName => Problems::of_field("name", texts.no_key_name),
        ServiceKeyError::NameTaken => Problems::of_field("name", texts.key_name_taken),
        ServiceKeyError::NotFound | ServiceKeyError::Service(_) => {
            return refuse(&admin, Section::ServiceKeys, error.into());
        }
    };
    match page(&admin, problems).await {
        Ok(page) => page.answer(error.into()),
        Err(refusal) => refuse(&admin, Section::ServiceKeys, refusal),
    }
}

/// The key that the path names.
fn named(admin: &Admin) -> Result<ServiceKeyId, ServiceKeyError> {
    admin.param("id").parse().map_err(|_| ServiceKeyError::NotFound)
}

pub(super) async fn ask(admin: Admin) -> Response {
    let id = match named(&admin) {
        Ok(id) => id,
        Err(error) => return refuse(&admin, Section::ServiceKeys, error.into()),
    };
    let question = Question {
        section: Section::ServiceKeys,
        title: admin.texts().revoke,
        text: admin.texts().revoke_text,
        to: html! { p { code { (id.as_str()) } } },
        action: revoke_path(&admin, &id),
        back: admin.path("/service-keys"),
        fields: html! {},
        destroys: true,
    };
    question.ask(&admin)
}

pub(super) async fn revoke(admin: Admin) -> Response {
    let revoked = match named(&admin) {
        Ok(id) => admin.auth().revoke_service_key(&admin.by, &id).await,
        Err(error) => Err(error),
    };
    match revoked {
        Ok(()) => admin.done(&admin.path("/service-keys"), "revoke"),
        Err(error) => refuse(&admin, Section::ServiceKeys, error.into()),
    }
}
