//! GET and POST /not-me

use axum::extract::State;
use axum::response::Response;
use usermgmt_core::model::token::Purpose;

use super::Reader;
use super::link::Link;
use crate::answer::Message;
use crate::body::FormFields;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;

const LINK: Link = Link {
    purpose: Purpose::NotMe,
    title: "This was not you?",
    text: "Somebody registered an account with your email address. One click, and it is deleted.",
    button: "Delete the account",
    done: "The account was deleted",
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
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`; a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn show(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    form: Result<FormFields, ApiError>,
) -> Response {
    match form {
        Ok(form) => LINK.show(&state, &client, reader, form.text("token")).await,
        Err(refusal) => reader.refused(&state, LINK.title, refusal),
    }
}

/// Deletes an unconfirmed registration.
#[utoipa::path(
    post,
    path = "/not-me",
    tag = "pages",
    operation_id = "not_me",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    responses(
        (status = 200, description = "Deleted; a page for a browser", body = Message),
        (status = 400, description = "`link_expired`, `link_invalid` or `already_confirmed`; a page for a browser", body = ErrorBody),
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
        Err(refusal) => return reader.refused(&state, LINK.title, refusal),
    };
    let outcome = state.auth().not_me_link(form.text("token"), &client).await;
    LINK.followed(&state, reader, outcome)
}
