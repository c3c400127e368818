//! POST /account/delete

use axum::http::StatusCode;
use axum::response::Response;
use usermgmt_core::flows::DeleteError;

use super::form::{Problems, id};
use super::member::Member;
use super::overview::{DELETE, again};
use super::profile::unproven;
use super::sign_out::signed_out;

pub(super) async fn submit(member: Member) -> Response {
    if member.visit.form.text("sure") != "yes" {
        let problems = Problems::of_field(id(DELETE, "sure"), member.texts().delete_unsure);
        return again(&member, DELETE, &problems).await;
    }
    let password = member.secret("current_password");
    match member.visit.auth().delete_account(&member.current, password.as_ref()).await {
        Ok(()) => signed_out(&member),
        Err(DeleteError::Reauthentication(why)) => {
            again(&member, DELETE, &unproven(&member, DELETE, why)).await
        }
        Err(DeleteError::LastAdmin) => {
            let problems = Problems::of_form(member.texts().last_admin);
            let mut response = again(&member, DELETE, &problems).await;
            *response.status_mut() = StatusCode::CONFLICT;
            response
        }
        Err(error) => member.refused(error.into()),
    }
}
