//! GET /users/{id}: one user, and everything that can be done for them.

use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::session::Session;
use usermgmt_core::store::directory::{AuditFilter, ListedUser};

use super::actions::Action;
use super::audit::table;
use super::controls::{badges, full_name, time, time_or_never};
use super::details::form;
use super::fields::query;
use super::frame::{Frame, Section, refuse};
use super::visit::Admin;
use crate::error::ApiError;
use crate::pages::account::form::Problems;

/// How many entries of the audit log are shown.
const ENTRIES: usize = 20;

pub(super) async fn show(admin: Admin) -> Response {
    let problems = Problems::default();
    match page(&admin, &problems, false).await {
        Ok(page) => page.notice(admin.notice()).into_response(),
        Err(refusal) => refuse(&admin, Section::Users, refusal),
    }
}

/// The page; `typed` with what was typed into its form in place of what stands.
pub(super) async fn page<'a>(
    admin: &'a Admin,
    problems: &Problems,
    typed: bool,
) -> Result<Frame<'a>, ApiError> {
    let (id, auth, texts) = (admin.user_id()?, admin.auth(), admin.texts());
    let listed = auth.admin_user(&id).await?;
    let sessions = auth.sessions(&id).await?;
    let codes = auth.recovery_codes_left(&id).await?;
    let about = AuditFilter { user: Some(id.clone()), ..AuditFilter::default() };
    let entries: Vec<AuditEntry> = auth.admin_audit(&about, ENTRIES, None).await?.rows;
    let all = query([("user", id.as_str())]);
    let body = html! {
        p.lead {
            (full_name(&listed.user)) " " span.soft { (listed.user.email.as_str()) } " "
            (badges(&listed.user, listed.mfa_enabled, admin))
        }
        section.card aria-labelledby="actions" {
            h2 #actions { (texts.what_to_do) }
            (actions(admin, &listed, &sessions))
        }
        div.columns {
            section.card aria-labelledby="details" {
                h2 #details { (texts.details) }
                (form(admin, &listed.user, problems, typed))
            }
            div {
                section.card aria-labelledby="facts" {
                    h2 #facts { (texts.facts) }
                    (facts(admin, &listed, codes))
                    p { a.button.quiet href={ (admin.user_path(&id)) "/export" } download { (texts.export) } }
                }
                section.card aria-labelledby="sessions" {
                    h2 #sessions { (texts.sessions) }
                    (shown_sessions(admin, &sessions))
                }
            }
        }
        section aria-labelledby="lately" {
            h2 #lately { (texts.lately) }
            (table(admin, &entries))
            p { a href={ (admin.path("/audit")) (all) } { (texts.all_entries) } }
        }
    };
    let title = listed.user.username.as_str();
    Ok(Frame::titled(admin, Section::Users, title, body).problems(problems.clone()))
}

fn actions(admin: &Admin, listed: &ListedUser, sessions: &[Session]) -> Markup {
    let user = &listed.user;
    let is_disabled = user.disabled_at.is_some();
    let offered = [
        (Action::Confirm, !user.is_email_confirmed()),
        (Action::SendReset, !is_disabled),
        (Action::SignOut, !sessions.is_empty()),
        (Action::ResetMfa, listed.mfa_enabled),
        (Action::Enable, is_disabled),
        (Action::Disable, !is_disabled),
        (Action::Delete, true),
    ];
    html! {
        div.actions {
            @for (action, _) in offered.into_iter().filter(|(_, offered)| *offered) {
                @let path = format!("{}/{}", admin.user_path(&user.id), action.name());
                @let label = admin.texts().action(action.name()).label;
                @if action.is_asked() {
                    a.button.quiet.perilous[action.destroys()] href=(path) { (label) "…" }
                } @else {
                    (admin.form(&path, &html! { button.quiet type="submit" { (label) } }))
                }
            }
        }
    }
}

fn facts(admin: &Admin, listed: &ListedUser, codes: u64) -> Markup {
    let (texts, user) = (admin.texts(), &listed.user);
    html! {
        dl.facts {
            dt { (texts.id) } dd { code { (user.id) } }
            dt { (texts.created) } dd { (time(user.created_at)) }
            dt { (texts.changed) } dd { (time(user.updated_at)) }
            dt { (texts.last_sign_in) } dd { (time_or_never(listed.last_sign_in_at, admin)) }
            dt { (texts.mfa) } dd { (if listed.mfa_enabled { texts.on } else { texts.off }) }
            @if listed.mfa_enabled { dt { (texts.codes_left) } dd { (codes) } }
        }
    }
}

fn shown_sessions(admin: &Admin, sessions: &[Session]) -> Markup {
    let (texts, common) = (admin.texts(), admin.common());
    html! {
        @if sessions.is_empty() {
            p.soft { (texts.no_sessions) }
        } @else {
            ul.sessions {
                @for session in sessions {
                    li {
                        div {
                            p { (session.user_agent.as_deref().unwrap_or(common.unknown_device)) }
                            p.hint {
                                @if let Some(ip) = session.ip { (ip) " · " }
                                (common.signed_in_on) " " (time(session.created_at)) " UTC · "
                                (common.last_used) " " (time(session.last_seen_at)) " UTC"
                            }
                        }
                        @if session.id == admin.current.session.id {
                            span.badge { (common.this_device) }
                        }
                    }
                }
            }
        }
    }
}
