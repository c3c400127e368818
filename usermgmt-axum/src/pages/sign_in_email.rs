//! GET /sign-in/email

use axum::response::{IntoResponse as _, Response};

use super::visit::Visit;
use crate::error::ErrorBody;

/// Whom a mailed link signs in, and where its code goes. Changes nothing. A front
/// end's own page, at `frontend_url`, signs in by `/signin/email/confirm`.
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
            visitor.page(texts.title, texts.text(&name)).into_response()
        }
        Err(error) => visitor.refused(texts.title, error.into()),
    }
}
