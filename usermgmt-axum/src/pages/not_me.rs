//! GET and POST /not-me

use axum::response::Response;
use usermgmt_core::model::token::Purpose;

use super::link::Link;
use super::visit::Visit;
use crate::answer::Message;
use crate::error::ErrorBody;

const LINK: Link = Link {
    purpose: Purpose::NotMe,
    texts: |texts| &texts.not_me,
    done: "The account was deleted",
    leads_on: false,
};

/// A page with one button that deletes a registration somebody else made. Changes nothing.
#[utoipa::path(
    get,
    path = "/not-me",
    tag = "pages",
    operation_id = "not_me_page",
    params(("token" = String, Query, description = "From the mailed link")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn show(visit: Visit) -> Response {
    LINK.show(visit).await
}

/// Deletes an unconfirmed registration.
#[utoipa::path(
    post,
    path = "/not-me",
    tag = "pages",
    operation_id = "not_me",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    responses(
        (status = 200, description = "Deleted", content(
            (Message = "application/json"), (String = "text/html"))),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn submit(visit: Visit) -> Response {
    let deleted = visit.auth().not_me_link(&visit.token, &visit.client).await;
    LINK.followed(visit, deleted.map(|()| None))
}
