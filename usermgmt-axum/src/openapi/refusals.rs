//! What an operation is refused with beside what it names itself, by its kind.

use axum::http::StatusCode;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::security::{takes_access_token, takes_cookie};
use crate::error::ErrorBody;

const HTML: &str = "text/html";
/// By which a service says for whom it asks, so that limits count that person.
const FOR_WHOM: &str = "Usermgmt-Client-Address";

/// Why a write that a browser sends with its cookie is forbidden.
const BY_COOKIE: &str = "By cookie: `cross_site`, no page of this origin sent it; \
    `invalid_form_token`, the page was made for another session";
/// Why a read is.
const READ_BY_COOKIE: &str = "By cookie: `cross_site`, a page of another site asks";
/// The same by a method that takes no cookie.
const NOT_BY_COOKIE: &str = "By cookie: `cross_site`, this method takes none";

/// Adds them. What the operation says of a status itself stays.
pub(super) fn describe(operation: &mut Operation, method: &str) {
    let is_page = is_page(operation);
    for (status, text) in of_kind(operation) {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.as_str().to_owned())
            .or_insert_with(|| RefOr::T(refusal(text, is_page)));
    }
    if takes_cookie(operation) {
        let why = match method {
            "get" => READ_BY_COOKIE,
            "post" => BY_COOKIE,
            _ => NOT_BY_COOKIE,
        };
        forbids(operation, why);
    }
}

fn of_kind(operation: &Operation) -> Vec<(StatusCode, &'static str)> {
    let has_tag = |name: &str| operation.tags.iter().flatten().any(|tag| tag == name);
    let has_body = operation.request_body.is_some();
    let mut refusals = vec![
        // Every request has a host.
        (StatusCode::BAD_REQUEST, "The request is malformed"),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server is at fault: its log says more of this `request_id`",
        ),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "`overloaded` or `unavailable`: `Retry-After` says when to try again",
        ),
    ];
    if takes_access_token(operation) {
        refusals.push((StatusCode::NOT_FOUND, "The user was deleted since"));
    }
    // Pages read a form whatever the method is.
    let reads = has_body || is_page(operation);
    if reads {
        refusals.push((StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is of another type"));
    }
    if reads || is_secured(operation) {
        refusals.push((StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 64 KiB"));
    }
    // What can be guessed is limited, and so is what sends mail.
    if is_page(operation) || has_tag("account") && has_body || is_for_somebody(operation) {
        let text = "`rate_limited`: `Retry-After` says when to try again";
        refusals.push((StatusCode::TOO_MANY_REQUESTS, text));
    }
    refusals
}

fn is_secured(operation: &Operation) -> bool {
    let mut security = operation.security.iter().flatten();
    security.any(|needed| *needed != SecurityRequirement::default())
}

fn is_for_somebody(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(known) if known.name == FOR_WHOM))
}

/// Whether it answers with pages where HTML is asked for.
fn is_page(operation: &Operation) -> bool {
    let mut responses = operation.responses.responses.values();
    responses.any(
        |response| matches!(response, RefOr::T(response) if response.content.contains_key(HTML)),
    )
}

fn refusal(description: &str, is_page: bool) -> Response {
    let error: Ref = Ref::from_schema_name(ErrorBody::name());
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(error)));
    if !is_page {
        return response.build();
    }
    let page: RefOr<Schema> = String::schema();
    response.content(HTML, Content::new(Some(page))).build()
}

/// Adds this to why it is forbidden.
fn forbids(operation: &mut Operation, why: &str) {
    let responses = &mut operation.responses.responses;
    let status = StatusCode::FORBIDDEN.as_str().to_owned();
    let response = responses.entry(status).or_insert_with(|| RefOr::T(refusal("", false)));
    if let RefOr::T(response) = response {
        let said = std::mem::take(&mut response.description);
        response.description =
            if said.is_empty() { why.to_owned() } else { format!("{said}. {why}") };
    }
}
