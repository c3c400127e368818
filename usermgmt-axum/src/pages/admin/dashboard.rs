//! GET /: how much there is, and how the last two weeks were.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::Counted;
use usermgmt_core::store::directory::DayCount;

use super::chart::{chart, day};
use super::controls::time;
use super::fields::query;
use super::frame::{Frame, Section};
use super::visit::Admin;

pub(super) async fn show(admin: Admin) -> Response {
    let counted = match admin.auth().admin_summary().await {
        Ok(counted) => counted,
        Err(error) => return crate::pages::account::look::refuse(&admin.visitor, error.into()),
    };
    let (texts, summary) = (admin.texts(), &counted.summary);
    let tiles = [
        (texts.users, summary.users, Some(("", ""))),
        (texts.unconfirmed, summary.unconfirmed, Some(("confirmed", "false"))),
        (texts.disabled, summary.disabled, Some(("disabled", "true"))),
        (texts.admins, summary.admins, Some(("role", "admin"))),
        (texts.mfa, summary.mfa_enabled, Some(("mfa", "true"))),
        (texts.sessions, summary.sessions, None),
    ];
    let body = html! {
        ul.tiles {
            @for (label, count, filter) in tiles {
                li {
                    @match filter {
                        Some(filter) => a href={ (admin.path("/users")) (query([filter])) } {
                            span.label { (label) } strong { (count) }
                        },
                        None => span.tile { span.label { (label) } strong { (count) } },
                    }
                }
            }
        }
        h2 { (texts.two_weeks) }
        div.charts {
            (chart(texts.registrations, texts, &summary.registered))
            (chart(texts.sign_ins, texts, &summary.signed_in))
        }
        details {
            summary { (texts.as_table) }
            (days(&admin, &summary.registered, &summary.signed_in))
        }
        h2 { (texts.mail) }
        (outbox(&admin, &counted))
        p.hint { (texts.as_of) " " (time(counted.as_of)) " UTC" }
    };
    Frame::of(&admin, Section::Dashboard, body).into_response()
}

fn days(admin: &Admin, registered: &[DayCount], signed_in: &[DayCount]) -> Markup {
    let texts = admin.texts();
    html! {
        table {
            thead {
                tr {
                    th scope="col" { (texts.day) }
                    th.number scope="col" { (texts.registrations) }
                    th.number scope="col" { (texts.sign_ins) }
                }
            }
            tbody {
                @for (registered, signed_in) in registered.iter().zip(signed_in) {
                    tr {
                        th scope="row" { (day(registered)) }
                        td.number { (registered.count) }
                        td.number { (signed_in.count) }
                    }
                }
            }
        }
    }
}

/// How much mail waits.
pub(super) fn outbox(admin: &Admin, counted: &Counted) -> Markup {
    let (texts, outbox) = (admin.texts(), &counted.outbox);
    let minutes = outbox.oldest.map(|oldest| counted.as_of.since(oldest).as_secs().div_ceil(60));
    html! {
        dl.facts {
            dt { (texts.queued) } dd { (outbox.waiting) }
            dt { (texts.retried) } dd { (counted.summary.mails_retried) }
            @if let Some(minutes) = minutes { dt { (texts.oldest) } dd { (minutes) " min" } }
            dt { (texts.dead) }
            dd {
                @if outbox.dead > 0 {
                    a href=(admin.path("/mail")) { strong { (outbox.dead) } }
                } @else { "0" }
            }
            @if outbox.set_up > 0 {
                dt { (texts.set_up) } dd { (outbox.set_up_fault.as_deref().unwrap_or_default()) }
            }
        }
    }
}
