//! GET and POST /reset-password

use axum::response::{IntoResponse as _, Response};
use usermgmt_core::flows::{LinkError, ResetError};
use usermgmt_core::model::token::Purpose;
use usermgmt_core::password::{MAX_LENGTH, MIN_LENGTH};
use usermgmt_core::secret::PlaintextPassword;
use utoipa::ToSchema;

use super::html::{Page, PasswordField};
use super::visit::{Visit, Visitor};
use crate::answer::Message;
use crate::error::ErrorBody;

fn page(visitor: &Visitor) -> Page {
    let texts = &visitor.texts.reset;
    let field = PasswordField {
        name: "new_password",
        label: texts.label,
        min: MIN_LENGTH,
        max: MAX_LENGTH,
        #[cfg(feature = "pages")]
        show_hide: Some([visitor.texts.account.show, visitor.texts.account.hide]),
        #[cfg(not(feature = "pages"))]
        show_hide: None,
    };
    #[cfg(feature = "pages")]
    let prefix = Some(visitor.texts.account.error_prefix);
    #[cfg(not(feature = "pages"))]
    let prefix = None;
    let page = visitor.page(texts.title, texts.text(MIN_LENGTH)).with_error_prefix(prefix);
    page.with_form(Some(field), texts.button)
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
        (status = 400, description = "`invalid_token`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn show(mut visit: Visit) -> Response {
    let purposes = [Purpose::Reset, Purpose::ChoosePassword];
    let looked = visit.auth().inspect_link(&visit.token, &purposes, &visit.client).await;
    let refusal = match looked {
        Ok(user) => {
            visit.visitor.knows(&user);
            return page(&visit.visitor).into_response();
        }
        Err(LinkError::Service(error)) => error.into(),
        Err(LinkError::Invalid | LinkError::Expired | LinkError::AlreadyConfirmed) => {
            ResetError::InvalidToken.into()
        }
    };
    visit.visitor.refused(visit.visitor.texts.reset.title, refusal)
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
        (status = 200, description = "Set", content(
            (Message = "application/json"), (String = "text/html"))),
        (status = 400, description = "`invalid_token`, or the new password is not accepted", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn submit(mut visit: Visit) -> Response {
    let password = PlaintextPassword::from(visit.form.text("new_password"));
    let reset = visit.auth().reset_password(&visit.token, &password, &visit.client).await;
    if let Ok(user) = &reset {
        visit.visitor.knows(user);
    }
    let (visitor, texts) = (&visit.visitor, &visit.visitor.texts.reset);
    match reset {
        Ok(_) => {
            let message = "Password has been reset successfully.";
            visitor.done(visitor.page(texts.title, texts.done), true, message)
        }
        // The link stays good, so the form is there for another try.
        Err(ResetError::Password(problem)) => {
            let page = page(visitor).with_alert(visitor.texts.password_problem(&problem));
            visitor.refused_with(ResetError::Password(problem).into(), page)
        }
        Err(error) => visitor.refused(texts.title, error.into()),
    }
}
