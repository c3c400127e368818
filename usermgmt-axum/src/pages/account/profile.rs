//! POST /account/profile, /account/email and /account/password

use axum::response::Response;
use usermgmt_core::flows::{ProfileError, ReauthenticationError, UpdateProfile};
use usermgmt_core::model::identifier::Username;
use usermgmt_core::model::profile::ProfileText;

use super::form::{Problems, id};
use super::languages;
use super::member::Member;
use super::overview::{EMAIL, PASSWORD, PROFILE, again, again_or};
use crate::error::ApiError;

pub(super) async fn save(member: Member) -> Response {
    let texts = member.texts();
    let mut problems = Problems::default();
    let typed = member.visit.form.text("username").trim();
    let username = Username::parse(typed, Username::MAX_OWN);
    let username = if typed == member.current.user.username.as_str() {
        // One that an older rule allowed stays as it is.
        Some(None)
    } else {
        let username = username.map_err(|problem| texts.username_problem(&problem));
        problems.take(&id(PROFILE, "username"), username.map(Some))
    };
    let name = |field: &str| {
        let typed = member.typed(field).map(ProfileText::parse).transpose();
        problems.take(&id(PROFILE, field), typed.map_err(|_| texts.no_name.to_owned()))
    };
    let [first_name, last_name, gender] = ["first_name", "last_name", "gender"].map(name);
    let (Some(username), true) = (username, problems.is_empty()) else {
        return again(&member, PROFILE, &problems).await;
    };
    let locale = languages::chosen(&member);
    let update = UpdateProfile {
        username,
        first_name,
        last_name,
        gender,
        locale,
        ..UpdateProfile::default()
    };
    change(&member, PROFILE, &update, "profile").await
}

pub(super) async fn change_email(member: Member) -> Response {
    let email = match member.visit.visitor.state().email(member.visit.form.text("email").trim()) {
        Ok(email) => Some(email),
        Err(_) => {
            let problems = Problems::of_field(id(EMAIL, "email"), member.texts().no_email);
            return again(&member, EMAIL, &problems).await;
        }
    };
    let current_password = member.secret("current_password");
    let update = UpdateProfile { email, current_password, ..UpdateProfile::default() };
    change(&member, EMAIL, &update, "email").await
}

/// All other sessions end, and this one goes on under another cookie.
pub(super) async fn change_password(member: Member) -> Response {
    let mut problems = Problems::default();
    let current_password = member.secret("current_password");
    let password = member.secret("new_password");
    // Who has none sets the first one.
    let has_password = match member.visit.auth().account(&member.current.user.id).await {
        Ok(account) => account.is_some_and(|account| account.password.is_some()),
        Err(error) => return member.refused(error.into()),
    };
    if has_password && current_password.is_none() {
        problems.push(id(PASSWORD, "current_password"), member.texts().missing);
    }
    if password.is_none() {
        problems.push(id(PASSWORD, "new_password"), member.texts().missing);
    }
    if !problems.is_empty() {
        return again(&member, PASSWORD, &problems).await;
    }
    let update = UpdateProfile { password, current_password, ..UpdateProfile::default() };
    if let Err(error) = member.visit.auth().update_profile(&member.current, &update).await {
        return again_or(&member, PASSWORD, problems_of(&member, PASSWORD, error)).await;
    }
    let renewed = member.renewed(member.done("password")).await;
    renewed.unwrap_or_else(|refusal| member.refused(refusal))
}

async fn change(
    member: &Member,
    form: &str,
    update: &UpdateProfile,
    done: &'static str,
) -> Response {
    match member.visit.auth().update_profile(&member.current, update).await {
        Ok(()) => member.done(done),
        Err(error) => again_or(member, form, problems_of(member, form, error)).await,
    }
}

/// What is wrong with which field; or a refusal that is no field's.
fn problems_of(member: &Member, form: &str, error: ProfileError) -> Result<Problems, ApiError> {
    let texts = member.texts();
    let of = |name: &str, text: &str| Ok(Problems::of_field(id(form, name), text));
    match error {
        ProfileError::UsernameTaken => of("username", texts.username_taken),
        ProfileError::CurrentPasswordMissing => of("current_password", texts.missing),
        ProfileError::Password(problem) => {
            of("new_password", &member.visit.visitor.texts.password_problem(&problem))
        }
        ProfileError::Reauthentication(why) => Ok(unproven(member, form, why)),
        ProfileError::Unreachable(_) => of("email", texts.unreachable),
        error @ (ProfileError::NotFound | ProfileError::Service(_)) => Err(error.into()),
    }
}

/// It is not shown that the user asks.
pub(super) fn unproven(member: &Member, form: &str, why: ReauthenticationError) -> Problems {
    let texts = member.texts();
    let text = match why {
        ReauthenticationError::Required(ways) if ways.password => texts.unproven,
        ReauthenticationError::Required(_) => texts.stale,
        ReauthenticationError::WrongPassword => texts.wrong_password,
    };
    Problems::of_field(id(form, "current_password"), text)
}
