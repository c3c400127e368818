//! GET /sign-in/email, and POST where there are pages to sign in by

use axum::response::{IntoResponse as _, Response};

#[cfg(feature = "pages")]
use super::account;
use super::visit::Visit;
use crate::error::ErrorBody;

/// Whom a mailed link signs in. Changes nothing. The account pages sign in by its
/// button; without them it says where the mail's code goes. A front end's own page,
/// at `frontend_url`, signs in by `/signin/email/confirm`.
#[utoipa::path(
    get,
    path = "/sign-in/email",
    tag = "pages",
    operation_id = "sign_in_email_page",
    params(("token" = String, Query, description = "From the mailed link")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "`invalid_token`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
        (status = 404, description = "Signing in by mail is off (`sign_in.email`)", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn show(mut visit: Visit) -> Response {
    let looked = visit.auth().inspect_mail_sign_in(&visit.token, &visit.client).await;
    if let Ok(Some(user)) = looked.as_ref().map(|link| &link.user) {
        visit.visitor.knows(user);
    }
    let (visitor, texts) = (&visit.visitor, &visit.visitor.texts.sign_in_email);
    match looked {
        Ok(link) => {
            let name = match link.user {
                Some(user) => user.username.to_string(),
                None => link.email.to_string(),
            };
            #[cfg(feature = "pages")]
            if visitor.html {
                return account::mail_sign_in::link_page(&visit, &name);
            }
            visitor.page(texts.title, texts.text(&name)).into_response()
        }
        Err(error) => visitor.refused(texts.title, error.into()),
    }
}

/// What the page's button sends.
#[cfg(feature = "pages")]
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(crate) struct SignInEmailForm {
    /// From the mailed link.
    token: String,
}

/// Signs a browser in by the mailed link: its session's cookie, and on to the
/// account, or to the second factor where there is one.
#[cfg(feature = "pages")]
#[utoipa::path(
    post,
    path = "/sign-in/email",
    tag = "pages",
    operation_id = "sign_in_email_submit",
    request_body(content = SignInEmailForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The page for the second factor", body = String,
            content_type = "text/html"),
        (status = 303, description = "Signed in"),
        (status = 400, description = "`invalid_token`", body = String, content_type = "text/html"),
        (status = 403, description = "`cross_site`", body = String, content_type = "text/html"),
        (status = 404, description = "Signing in by mail is off (`sign_in.email`)", body = String,
            content_type = "text/html"),
    ),
    security(()),
)]
pub(crate) async fn submit(guest: account::guest::Guest) -> Response {
    account::mail_sign_in::follow(guest).await
}
