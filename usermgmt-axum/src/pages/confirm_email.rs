//! GET and POST /confirm-email/{token}

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use usermgmt_core::model::token::Purpose;

use super::Reader;
use super::link::Link;
use crate::answer::Message;
use crate::body::FormFields;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::path::Segment;
use crate::state::HttpState;

const LINK: Link = Link {
    purpose: Purpose::Confirm,
    title: "Confirm your email address",
    text: "One click, and your account is ready.",
    button: "Confirm",
    done: "Email confirmed",
};

/// A page with one button that confirms the address. Changes nothing.
#[utoipa::path(
    get,
    path = "/confirm-email/{token}",
    tag = "pages",
    operation_id = "confirm_email_page",
    params(("token" = String, Path, description = "From the mailed link")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`; \
            a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn show(
    State(state): State<HttpState>,
    method: Method,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    Segment(token): Segment,
) -> Response {
    // HEAD is answered here too.
    if state.config().compat.confirm_on_get && method == Method::GET {
        let confirmed = state.auth().confirm(&token, &client).await;
        return LINK.followed(&state, reader, confirmed);
    }
    LINK.show(&state, &client, reader, &token).await
}

/// Confirms the address.
#[utoipa::path(
    post,
    path = "/confirm-email/{token}",
    tag = "pages",
    operation_id = "confirm_email",
    params(("token" = String, Path, description = "From the mailed link")),
    responses(
        (status = 200, description = "Confirmed; a page for a browser", body = Message),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`; \
            a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn submit(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    Segment(token): Segment,
    form: Result<FormFields, ApiError>,
) -> Response {
    if let Err(refusal) = form {
        return reader.refused(&state, LINK.title, refusal);
    }
    let confirmed = state.auth().confirm(&token, &client).await;
    LINK.followed(&state, reader, confirmed)
}
