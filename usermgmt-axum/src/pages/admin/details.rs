//! The form with a user's details.

use maud::{Markup, html};
use usermgmt_core::User;
use usermgmt_core::model::identifier::Username;
use usermgmt_core::model::profile::MAX_PROFILE_TEXT;

use super::controls::{check, select};
use super::visit::Admin;
use crate::pages::account::form::{Field, Problems};

pub(super) fn form(admin: &Admin, user: &User, problems: &Problems, typed: bool) -> Markup {
    let (texts, common) = (admin.texts(), admin.common());
    let value = |name: &str, stands: &'_ str| -> String {
        if typed { admin.fields.text(name).to_owned() } else { stands.to_owned() }
    };
    let username = value("username", user.username.as_str());
    let email = value("email", user.email.as_str());
    let role = value("role", user.role.as_str());
    let confirmed = typed && admin.fields.text("email_confirmed") == "yes";
    let [first, last, gender, locale] = [
        ("first_name", &user.first_name),
        ("last_name", &user.last_name),
        ("gender", &user.gender),
        ("locale", &user.locale),
    ]
    .map(|(name, stands)| value(name, stands.as_deref().unwrap_or_default()));
    let optional = |name, label, value| {
        Field::text(name, label, "off").value(value).max(MAX_PROFILE_TEXT).optional()
    };
    admin.form(&admin.user_path(&user.id), &html! {
        (Field::text("username", common.username, "off").value(&username).max(Username::MAX).show(problems))
        (Field::email("email", common.email, "off").value(&email).max(320).hint(texts.email_hint).show(problems))
        (check("email_confirmed", texts.email_confirmed, confirmed))
        (problems.field_problem("role"))
        (select("role", texts.role, &[("user", texts.role_user), ("admin", texts.role_admin)], &role))
        (optional("first_name", common.first_name, &first).show(problems))
        (optional("last_name", common.last_name, &last).show(problems))
        (optional("gender", common.gender, &gender).show(problems))
        (Field::text("locale", common.locale, "off").value(&locale).max(35).optional().show(problems))
        button type="submit" { (common.save) }
    })
}
