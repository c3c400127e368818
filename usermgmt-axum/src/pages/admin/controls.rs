//! Small things that several pages show.

use maud::{Markup, html};
use usermgmt_core::User;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::user::Role;

use super::visit::Admin;
use crate::pages::account::form::{Choice, Problems};

/// One of several texts to choose.
pub(super) fn select(name: &str, label: &str, choices: &[(&str, &str)], chosen: &str) -> Markup {
    Choice { id: name.to_owned(), name, label, autocomplete: None }.show(choices, chosen)
}

/// A box to tick.
pub(super) fn check(name: &str, label: &str, ticked: bool) -> Markup {
    html! {
        label.check for=(name) {
            input id=(name) type="checkbox" name=(name) value="yes" checked[ticked];
            (label)
        }
    }
}

/// A field for a day.
pub(super) fn day(name: &str, label: &str, value: &str, problems: &Problems) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            (problems.field_problem(name))
            input id=(name) type="date" name=(name) value=[(!value.is_empty()).then_some(value)];
        }
    }
}

/// To the minute, in UTC.
pub(super) fn time(at: Timestamp) -> Markup {
    let full = at.to_string();
    let shown = full.get(..16).unwrap_or(&full).replace('T', " ");
    html! { time datetime=(full) { (shown) } }
}

/// When it was, or that it never was.
pub(super) fn time_or_never(at: Option<Timestamp>, admin: &Admin) -> Markup {
    html! {
        @match at {
            Some(at) => (time(at)),
            None => span.soft { (admin.texts().never) },
        }
    }
}

/// What is out of the ordinary with an account.
pub(super) fn badges(user: &User, mfa: bool, admin: &Admin) -> Markup {
    let texts = admin.texts();
    html! {
        span.badges {
            @if user.role == Role::Admin { span.badge.strong { (texts.role_admin) } }
            @if user.disabled_at.is_some() { span.badge.bad { (texts.disabled) } }
            @if !user.is_email_confirmed() { span.badge.warn { (texts.unconfirmed) } }
            @if mfa { span.badge { (texts.mfa) } }
            @if user.disabled_at.is_none() && user.is_email_confirmed() && !mfa && user.role != Role::Admin {
                span.soft { (texts.active) }
            }
        }
    }
}

/// First and last name, as far as they are known.
pub(super) fn full_name(user: &User) -> String {
    let names = [user.first_name.as_deref(), user.last_name.as_deref()];
    names.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
