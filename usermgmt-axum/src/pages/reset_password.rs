//! GET and POST /reset-password

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use usermgmt_core::flows::{LinkError, ResetError};
use usermgmt_core::model::token::Purpose;
use usermgmt_core::password::{MAX_LENGTH, MIN_LENGTH};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::html::{Page, PasswordField};
use super::{Reader, product};
use crate::account;
use crate::answer::Message;
use crate::body::FormFields;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;

const TITLE: &str = "Choose a new password";

fn page(state: &HttpState) -> Page {
    let field = PasswordField {
        name: "new_password",
        label: "New password",
        min: MIN_LENGTH,
        max: MAX_LENGTH,
    };
    let text = format!("At least {MIN_LENGTH} characters, and not one that is easy to guess.");
    Page::new(product(state), TITLE, text).with_form(vec![field], "Set the password")
}

/// A page with a form for a new password. Changes nothing.
#[utoipa::path(
    get,
    path = "/reset-password",
    tag = "pages",
    operation_id = "reset_password_page",
    params(("token" = String, Query, description = "From the mailed link")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "`invalid_token`; a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn show(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    form: Result<FormFields, ApiError>,
) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(refusal) => return reader.refused(&state, TITLE, refusal),
    };
    let purposes = [Purpose::Reset, Purpose::ChoosePassword];
    let token = form.text("token");
    let refusal = match state.auth().inspect_link(token, &purposes, &client).await {
        Ok(()) => return page(&state).into_response(),
        Err(LinkError::Service(service_error)) => service_error.into(),
        Err(_) => account::reset(ResetError::InvalidToken),
    };
    reader.refused(&state, TITLE, refusal)
}

#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form; its fields are read by name")]
pub(crate) struct ResetPasswordForm {
    /// From the mailed link; or in the query string.
    #[schema(nullable = false)]
    token: Option<String>,
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

/// Sets a new password; every session ends.
#[utoipa::path(
    post,
    path = "/reset-password",
    tag = "pages",
    operation_id = "submit_reset_password_page",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    request_body(content = ResetPasswordForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Set; a page for a browser", body = Message),
        (status = 400, description = "`invalid_token`, or the new password is not accepted; \
            a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn submit(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    form: Result<FormFields, ApiError>,
) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(refusal) => return reader.refused(&state, TITLE, refusal),
    };
    let password = PlaintextPassword::from(form.text("new_password"));
    let reset = state.auth().reset_password(form.text("token"), &password, &client).await;
    match reset {
        Ok(_) => reader.done(&state, TITLE, "Password has been reset successfully."),
        // The link stays good, so the form is there for another try.
        Err(ResetError::Password(problem)) => {
            let page = page(&state).with_alert(problem.to_string());
            let refusal = account::reset(ResetError::Password(problem));
            reader.refused_with(refusal, page)
        }
        Err(error) => reader.refused(&state, TITLE, account::reset(error)),
    }
}
