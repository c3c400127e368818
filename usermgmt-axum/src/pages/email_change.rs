//! GET and POST /email/confirm and /email/undo

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

const CONFIRM: Link = Link {
    purpose: Purpose::EmailChange,
    title: "Confirm your new email address",
    text: "From then on you sign in with this address, and mail goes to it.",
    button: "Confirm",
    done: "Email changed",
};

const UNDO: Link = Link {
    purpose: Purpose::EmailUndo,
    title: "Undo the change of your email address",
    text: "Your account gets this address back, everybody is signed out, and you get a mail to \
        choose a new password.",
    button: "Undo the change",
    done: "Email change undone",
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
        (status = 400, description = "`link_expired` or `link_invalid`; a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn show_confirm(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    form: Result<FormFields, ApiError>,
) -> Response {
    match form {
        Ok(form) => CONFIRM.show(&state, &client, reader, form.text("token")).await,
        Err(refusal) => reader.refused(&state, CONFIRM.title, refusal),
    }
}

/// Makes the new address the account's.
#[utoipa::path(
    post,
    path = "/email/confirm",
    tag = "pages",
    operation_id = "submit_email_change_page",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    responses(
        (status = 200, description = "Changed; a page for a browser", body = Message),
        (status = 400, description = "`link_expired` or `link_invalid`; a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn submit_confirm(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    form: Result<FormFields, ApiError>,
) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(refusal) => return reader.refused(&state, CONFIRM.title, refusal),
    };
    let outcome = state.auth().confirm_email_change(form.text("token"), &client).await;
    CONFIRM.followed(&state, reader, outcome)
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
        (status = 400, description = "`link_expired` or `link_invalid`; a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn show_undo(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    form: Result<FormFields, ApiError>,
) -> Response {
    match form {
        Ok(form) => UNDO.show(&state, &client, reader, form.text("token")).await,
        Err(refusal) => reader.refused(&state, UNDO.title, refusal),
    }
}

/// Gives the account its old address back.
#[utoipa::path(
    post,
    path = "/email/undo",
    tag = "pages",
    operation_id = "submit_email_undo_page",
    params(("token" = Option<String>, Query, description = "From the mailed link; or a field of the form")),
    responses(
        (status = 200, description = "Undone; a page for a browser", body = Message),
        (status = 400, description = "`link_expired` or `link_invalid`; a page for a browser", body = ErrorBody),
    ),
    security(()),
)]
pub(crate) async fn submit_undo(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    reader: Reader,
    form: Result<FormFields, ApiError>,
) -> Response {
    let form = match form {
        Ok(form) => form,
        Err(refusal) => return reader.refused(&state, UNDO.title, refusal),
    };
    let outcome = state.auth().undo_email_change(form.text("token"), &client).await;
    UNDO.followed(&state, reader, outcome)
}
