//! GET and POST /users/new: an account for somebody, who is invited to choose the
//! password.

use axum::response::{IntoResponse as _, Response};
use maud::html;
use usermgmt_core::flows::{Invite, InviteError};
use usermgmt_core::model::identifier::Username;
use usermgmt_core::model::profile::{MAX_PROFILE_TEXT, ProfileText};
use usermgmt_core::model::user::Role;

use super::controls::select;
use super::edit::{locale, name};
use super::frame::{Frame, Section, refuse};
use super::visit::Admin;
use crate::pages::account::form::{Field, Problems};

pub(super) async fn show(admin: Admin) -> Response {
    page(&admin, Problems::default()).into_response()
}

pub(super) async fn submit(admin: Admin) -> Response {
    let mut problems = Problems::default();
    let invite = match read(&admin, &mut problems) {
        Some(invite) if problems.is_empty() => invite,
        _ => return page(&admin, problems).invalid(),
    };
    let error = match admin.auth().invite(&admin.by, &invite).await {
        Ok(made) => return admin.done(&admin.user_path(&made.user.id), "invite"),
        Err(error) => error,
    };
    let common = admin.common();
    let problems = match &error {
        InviteError::EmailTaken => Problems::of_field("email", common.email_taken),
        InviteError::UsernameTaken => Problems::of_field("username", common.username_taken),
        InviteError::Unreachable(_) => Problems::of_field("email", common.unreachable),
        InviteError::Password(_) | InviteError::Service(_) => {
            return refuse(&admin, Section::Users, error.into());
        }
    };
    page(&admin, problems).answer(error.into())
}

fn read(admin: &Admin, problems: &mut Problems) -> Option<Invite> {
    let common = admin.common();
    let username = Username::parse(admin.fields.text("username"), Username::MAX);
    let username = username.map_err(|problem| common.username_problem(&problem));
    let username = problems.take("username", username);
    let email = admin.visitor.state().email(admin.fields.text("email"));
    let email = email.map_err(|_| common.no_email.to_owned());
    let email = problems.take("email", email);
    let [first_name, last_name, gender] =
        ["first_name", "last_name", "gender"].map(|field| name(admin, field, problems));
    let locale = locale(admin, problems);
    let text = |text: Option<ProfileText>| text.map(|text| text.as_str().to_owned());
    Some(Invite {
        username: username?,
        email: email?,
        role: Role::from_name(admin.fields.text("role")).unwrap_or_default(),
        first_name: text(first_name?),
        last_name: text(last_name?),
        gender: text(gender?),
        locale: locale?,
        password: None,
        mail: true,
        life: admin.auth().config().invitation_ttl,
    })
}

fn page(admin: &Admin, problems: Problems) -> Frame<'_> {
    let (texts, common, fields) = (admin.texts(), admin.common(), &admin.fields);
    let optional = |name, label| {
        let field = Field::text(name, label, "off").value(fields.text(name));
        field.max(MAX_PROFILE_TEXT).optional()
    };
    let role = fields.given("role").unwrap_or("user");
    let body = html! {
        div.card {
            p { (texts.invite_text) }
            (admin.form(&admin.path("/users/new"), &html! {
                (Field::text("username", common.username, "off").value(fields.text("username")).max(Username::MAX).show(&problems))
                (Field::email("email", common.email, "off").value(fields.text("email")).max(320).show(&problems))
                (select("role", texts.role, &[("user", texts.role_user), ("admin", texts.role_admin)], role))
                (optional("first_name", common.first_name).show(&problems))
                (optional("last_name", common.last_name).show(&problems))
                (optional("gender", common.gender).show(&problems))
                (Field::text("locale", common.locale, "off").value(fields.text("locale")).max(35).optional().show(&problems))
                div.row {
                    button type="submit" { (texts.send_invitation) }
                    a.button.quiet href=(admin.path("/users")) { (texts.cancel) }
                }
            }))
        }
    };
    Frame::titled(admin, Section::Users, texts.invite, body).problems(problems)
}
