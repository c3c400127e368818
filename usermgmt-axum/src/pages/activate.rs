//! GET and POST /activate

use axum::response::Response;
use usermgmt_core::flows::{ActivationError, LinkError};
use usermgmt_core::model::token::Purpose;

use super::link::Link;
use super::visit::Visit;
use crate::answer::Message;
use crate::error::ErrorBody;

const LINK: Link = Link {
    purpose: Purpose::Activation,
    texts: |texts| &texts.activate,
    done: "Account activated",
    leads_on: true,
};

/// A page with one button that activates an account made by a service. Changes nothing.
#[utoipa::path(
    get,
    path = "/activate",
    tag = "pages",
    operation_id = "activate_page",
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

/// Activates an account made by a service.
#[utoipa::path(
    post,
    path = "/activate",
    tag = "pages",
    operation_id = "activate",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    responses(
        (status = 200, description = "Activated", content(
            (Message = "application/json"), (String = "text/html"))),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`", content(
            (ErrorBody = "application/json"), (String = "text/html"))),
    ),
    security(()),
)]
pub(crate) async fn submit(visit: Visit) -> Response {
    let activated = visit.auth().activate(&visit.token, &visit.client).await;
    let activated = activated.map_err(|error| match error {
        ActivationError::Invalid | ActivationError::NotFound => LinkError::Invalid,
        ActivationError::Expired => LinkError::Expired,
        ActivationError::AlreadyActivated => LinkError::AlreadyConfirmed,
        ActivationError::Service(error) => error.into(),
    });
    LINK.followed(visit, activated.map(Some))
}
