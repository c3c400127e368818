//! POST /users/{id}: a user's details, changed.

use axum::response::{IntoResponse as _, Response};
use usermgmt_core::User;
use usermgmt_core::flows::{AdminError, ChangeUser, ChangeUserError};
use usermgmt_core::model::identifier::Username;
use usermgmt_core::model::profile::ProfileText;
use usermgmt_core::model::user::Role;

use super::frame::{Section, refuse};
use super::user::page;
use super::visit::Admin;
use crate::error::ApiError;
use crate::pages::account::form::Problems;
use crate::validate::language;

pub(super) async fn submit(admin: Admin) -> Response {
    let id = match admin.user_id() {
        Ok(id) => id,
        Err(refusal) => return refuse(&admin, Section::Users, refusal),
    };
    let user = match admin.auth().admin_user(&id).await {
        Ok(listed) => listed.user,
        Err(error) => return refuse(&admin, Section::Users, error.into()),
    };
    let mut problems = Problems::default();
    let change = match read(&admin, &user, &mut problems) {
        Some(change) if problems.is_empty() => change,
        _ => return again(&admin, &problems, None).await,
    };
    let (texts, common) = (admin.texts(), admin.common());
    let error = match admin.auth().change_user(&admin.by, &id, &change).await {
        Ok(_) => return admin.done(&admin.user_path(&id), "edit"),
        Err(error) => error,
    };
    let problems = match &error {
        ChangeUserError::EmailTaken => Problems::of_field("email", common.email_taken),
        ChangeUserError::UsernameTaken => Problems::of_field("username", common.username_taken),
        ChangeUserError::Unreachable(_) => Problems::of_field("email", common.unreachable),
        ChangeUserError::Admin(AdminError::LastAdmin) => {
            Problems::of_field("role", texts.last_admin)
        }
        ChangeUserError::Admin(_) => return refuse(&admin, Section::Users, error.into()),
    };
    again(&admin, &problems, Some(error.into())).await
}

/// The page again, with what is wrong and what was typed.
async fn again(admin: &Admin, problems: &Problems, refusal: Option<ApiError>) -> Response {
    match (page(admin, problems, true).await, refusal) {
        (Ok(page), Some(refusal)) => page.answer(refusal),
        (Ok(page), None) => page.invalid(),
        (Err(refusal), _) => refuse(admin, Section::Users, refusal).into_response(),
    }
}

fn read(admin: &Admin, user: &User, problems: &mut Problems) -> Option<ChangeUser> {
    let common = admin.common();
    let typed = admin.fields.text("username");
    // One that an older rule allowed stays as it is.
    let username = match typed == user.username.as_str() {
        true => Some(None),
        false => {
            let username = Username::parse(typed, Username::MAX);
            let username = username.map_err(|problem| common.username_problem(&problem));
            problems.take("username", username.map(Some))
        }
    };
    let typed = admin.fields.text("email");
    let email = match typed == user.email.as_str() {
        true => Some(None),
        false => {
            let email = admin.visitor.state().email(typed);
            let email = email.map_err(|_| common.no_email.to_owned());
            problems.take("email", email.map(Some))
        }
    };
    let (first_name, last_name) =
        (name(admin, "first_name", problems), name(admin, "last_name", problems));
    let (gender, locale) = (name(admin, "gender", problems), locale(admin, problems));
    let email = email?;
    Some(ChangeUser {
        username: username?,
        // It goes with an address, as at the admin API; without a new one, the
        // action confirms the one that stands.
        email_confirmed: email.is_some() && admin.fields.text("email_confirmed") == "yes",
        email,
        role: Role::from_name(admin.fields.text("role")),
        first_name: Some(first_name?),
        last_name: Some(last_name?),
        gender: Some(gender?),
        locale: Some(locale?),
    })
}

/// A name or a gender; `Some(None)` where it is left empty.
pub(super) fn name(
    admin: &Admin,
    field: &'static str,
    problems: &mut Problems,
) -> Option<Option<ProfileText>> {
    let typed = admin.fields.given(field).map(ProfileText::parse).transpose();
    problems.take(field, typed.map_err(|_| admin.common().no_name.to_owned()))
}

/// A language; `Some(None)` where it is left empty.
pub(super) fn locale(admin: &Admin, problems: &mut Problems) -> Option<Option<String>> {
    let typed = admin.fields.given("locale").map(language).transpose();
    problems.take("locale", typed.map_err(|_| admin.texts().no_locale.to_owned()))
}
