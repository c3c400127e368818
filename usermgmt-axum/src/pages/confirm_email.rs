//! GET and POST /confirm-email/{token}

use axum::http::Method;
use axum::response::Response;
use usermgmt_core::model::token::Purpose;

use super::link::Link;
use super::visit::Visit;
use crate::answer::Message;
use crate::error::ErrorBody;

const LINK: Link = Link {
    purpose: Purpose::Confirm,
    texts: |texts| &texts.confirm,
    done: "Email confirmed",
    leads_on: true,
};

/// A page with one button that confirms the address. Changes nothing.
#[utoipa::path(
    get,
    path = "/confirm-email/{token}",
    tag = "pages",
    operation_id = "confirm_email_page",
    params(("token" = String, Path, description = "From the mailed link")),
    responses(
        (status = 200, description = "The page; JSON where opening the link confirms, by \
            `compat.confirm_on_get`", content((String = "text/html"), (Message = "application/json"))),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn show(method: Method, visit: Visit) -> Response {
    // HEAD is answered here too.
    if method == Method::GET && visit.confirms_on_get() {
        return submit(visit).await;
    }
    LINK.show(visit).await
}

/// Confirms the address.
#[utoipa::path(
    post,
    path = "/confirm-email/{token}",
    tag = "pages",
    operation_id = "confirm_email",
    params(("token" = String, Path, description = "From the mailed link")),
    responses(
        (status = 200, description = "Confirmed", content(
            (Message = "application/json"), (String = "text/html"))),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn submit(visit: Visit) -> Response {
    let confirmed = visit.auth().confirm(&visit.token, &visit.client).await;
    LINK.followed(visit, confirmed.map(Some))
}
