//! POST /account/sign-out

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use super::cookies;
use super::guest::redirect;
use super::member::Member;

/// What the browser keeps of this origin goes too (W3C, "Clear Site Data").
const CLEAR: (HeaderName, HeaderValue) = (
    HeaderName::from_static("clear-site-data"),
    HeaderValue::from_static("\"cache\", \"storage\""),
);

pub(super) async fn submit(member: Member) -> Response {
    match member.visit.auth().sign_out(&member.current).await {
        Ok(()) => signed_out(&member),
        Err(error) => member.refused(error.into()),
    }
}

/// The session is over, and the browser forgets it.
pub(super) fn signed_out(member: &Member) -> Response {
    let mut response = redirect(&member.path("/account/sign-in"));
    let (name, value) = CLEAR;
    response.headers_mut().insert(name, value);
    let cookie = cookies::ended(member.visit.visitor.state());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
