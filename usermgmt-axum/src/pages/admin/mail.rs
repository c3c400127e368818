//! GET /mail, and POST /mail/{id}/retry and …/drop: mails that were given up.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::{ListingError, OutboxError};
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::StoredMail;

use super::controls::time;
use super::dashboard::outbox;
use super::fields::segment;
use super::frame::{Frame, Question, Section, refuse};
use super::paging::{self, ROWS};
use super::visit::Admin;
use crate::pages::account::form::Problems;

pub(super) async fn show(admin: Admin) -> Response {
    let counted = match admin.auth().admin_summary().await {
        Ok(counted) => counted,
        Err(error) => return refuse(&admin, Section::Dashboard, error.into()),
    };
    match admin.auth().admin_dead_mail(ROWS, admin.fields.given("cursor")).await {
        Ok(listing) => {
            let body = html! {
                (outbox(&admin, &counted))
                h2 { (admin.texts().dead_mail) }
                (table(&admin, &listing.rows))
                (paging::links(&admin, "/mail", &[], &listing))
            };
            Frame::of(&admin, Section::Mail, body).notice(admin.notice()).into_response()
        }
        Err(error @ ListingError::Cursor) => {
            let problems = Problems::of_form(admin.texts().bad_cursor);
            let body = html! { p { a href=(admin.path("/mail")) { (admin.texts().mail) } } };
            Frame::of(&admin, Section::Mail, body).problems(problems).answer(error.into())
        }
        Err(error) => refuse(&admin, Section::Mail, error.into()),
    }
}

fn table(admin: &Admin, mails: &[StoredMail]) -> Markup {
    let texts = admin.texts();
    html! {
        @if mails.is_empty() {
            p.empty { (texts.no_dead_mail) }
        } @else {
            table.cards {
                caption.hidden { (texts.dead_mail) }
                thead {
                    tr {
                        th scope="col" { (texts.kind) }
                        th scope="col" { (texts.recipient) }
                        th scope="col" { (texts.queued_at) }
                        th scope="col" { (texts.tries) }
                        th scope="col" { (texts.last_error) }
                        th scope="col" { (texts.action) }
                    }
                }
                tbody { @for mail in mails { (line(admin, mail)) } }
            }
        }
    }
}

fn line(admin: &Admin, mail: &StoredMail) -> Markup {
    let texts = admin.texts();
    let (id, kind, recipient, at, tries, error) = match mail {
        Ok(mail) => (
            &mail.id,
            mail.kind.as_str(),
            mail.recipient.as_str(),
            mail.created_at,
            mail.attempts,
            mail.last_error.as_deref().unwrap_or_default(),
        ),
        Err(mail) => {
            (&mail.id, texts.unreadable, "", mail.created_at, mail.attempts, mail.why.as_str())
        }
    };
    let path = admin.path(&format!("/mail/{}", segment(id.as_str())));
    html! {
        tr {
            th scope="row" { code { (kind) } }
            td data-label=(texts.recipient) { (recipient) }
            td.when data-label=(texts.queued_at) { (time(at)) }
            td data-label=(texts.tries) { (tries) }
            td data-label=(texts.last_error) { (error) }
            td data-label=(texts.action) {
                div.actions {
                    (admin.form(&format!("{path}/retry"), &html! {
                        button.quiet type="submit" { (texts.retry) }
                    }))
                    a.button.quiet.perilous href={ (path) "/drop" } { (texts.drop) "…" }
                }
            }
        }
    }
}

/// The mail that the path names.
fn named(admin: &Admin) -> Result<MailId, OutboxError> {
    admin.param("id").parse().map_err(|_| OutboxError::NotFound)
}

pub(super) async fn retry(admin: Admin) -> Response {
    let retried = match named(&admin) {
        Ok(id) => admin.auth().retry_mail(&admin.by, &id).await,
        Err(error) => Err(error),
    };
    match retried {
        Ok(()) => admin.done(&admin.path("/mail"), "retry"),
        Err(error) => refuse(&admin, Section::Mail, error.into()),
    }
}

pub(super) async fn ask(admin: Admin) -> Response {
    let id = match named(&admin) {
        Ok(id) => id,
        Err(error) => return refuse(&admin, Section::Mail, error.into()),
    };
    let question = Question {
        section: Section::Mail,
        title: admin.texts().drop,
        text: admin.texts().drop_text,
        to: html! { p { code { (id) } } },
        action: admin.path(&format!("/mail/{}/drop", segment(id.as_str()))),
        back: admin.path("/mail"),
        fields: html! {},
        destroys: true,
    };
    question.ask(&admin)
}

pub(super) async fn drop(admin: Admin) -> Response {
    let dropped = match named(&admin) {
        Ok(id) => admin.auth().drop_mail(&admin.by, &id).await,
        Err(error) => Err(error),
    };
    match dropped {
        Ok(()) => admin.done(&admin.path("/mail"), "drop"),
        Err(error) => refuse(&admin, Section::Mail, error.into()),
    }
}
