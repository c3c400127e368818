//! GET and POST /email/confirm and /email/undo

use axum::response::Response;
use usermgmt_core::model::token::Purpose;

use super::link::Link;
use super::visit::Visit;
use crate::answer::Message;
use crate::error::ErrorBody;

const CONFIRM: Link = Link {
    purpose: Purpose::EmailChange,
    texts: |texts| &texts.email_change,
    done: "Email changed",
    leads_on: true,
};

const UNDO: Link = Link {
    purpose: Purpose::EmailUndo,
    texts: |texts| &texts.email_undo,
    done: "Email change undone",
    leads_on: false,
};

/// A page with one button that makes the new address the account's. Changes nothing.
#[utoipa::path(
    get,
    path = "/email/confirm",
    tag = "pages",
    operation_id = "confirm_email_change_page",
    params(("token" = String, Query, description = "From the mailed link")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "`link_expired` or `link_invalid`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn show_confirm(visit: Visit) -> Response {
    CONFIRM.show(visit).await
}

/// Makes the new address the account's.
#[utoipa::path(
    post,
    path = "/email/confirm",
    tag = "pages",
    operation_id = "submit_email_change_page",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    responses(
        (status = 200, description = "Changed", content(
            (Message = "application/json"), (String = "text/html"))),
        (status = 400, description = "`link_expired` or `link_invalid`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn submit_confirm(visit: Visit) -> Response {
    let changed = visit.auth().confirm_email_change(&visit.token, &visit.client).await;
    CONFIRM.followed(visit, changed.map(|()| None))
}

/// A page with one button that gives the account its old address back. Changes nothing.
#[utoipa::path(
    get,
    path = "/email/undo",
    tag = "pages",
    operation_id = "undo_email_change_page",
    params(("token" = String, Query, description = "From the mailed link")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "`link_expired` or `link_invalid`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn show_undo(visit: Visit) -> Response {
    UNDO.show(visit).await
}

/// Gives the account its old address back.
#[utoipa::path(
    post,
    path = "/email/undo",
    tag = "pages",
    operation_id = "submit_email_undo_page",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    responses(
        (status = 200, description = "Undone", content(
            (Message = "application/json"), (String = "text/html"))),
        (status = 400, description = "`link_expired` or `link_invalid`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn submit_undo(visit: Visit) -> Response {
    let undone = visit.auth().undo_email_change(&visit.token, &visit.client).await;
    UNDO.followed(visit, undone.map(|()| None))
}
