//! Sessions that a browser keeps: the cookies, and what a write by cookie shows.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use usermgmt_core::Client;
use usermgmt_core::flows::Current;

use crate::error::ApiError;
use crate::state::HttpState;

/// The field of a form, and in lower case the header, that shows that it was made
/// for this session.
pub(crate) const FORM_TOKEN: &str = "form_token";
const FORM_TOKEN_HEADER: &str = "usermgmt-form-token";

/// The form token that a request's body has; whoever reads the body leaves it here.
#[derive(Clone, Debug)]
pub(crate) struct PresentedForm(pub(crate) String);

/// Where a request comes from, as far as the browser says (Fetch Metadata; RFC 6454).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A page of this origin.
    Own,
    /// Another site, or a person's own doing outside of any page.
    Foreign,
    /// Nothing is said: no browser of these years.
    Unknown,
}

impl Source {
    pub(crate) fn of(headers: &HeaderMap, state: &HttpState) -> Self {
        let is = |value: &HeaderValue, expected: &str| value.as_bytes() == expected.as_bytes();
        let own = match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
            (Some(site), _) => is(site, "same-origin"),
            (None, Some(origin)) => {
                let public = state.auth().config().public_url.origin();
                is(origin, &public.ascii_serialization())
            }
            (None, None) => return Self::Unknown,
        };
        if own { Self::Own } else { Self::Foreign }
    }
}

impl HttpState {
    /// Whether a form without a session, such as a sign-in of a host's own, may come
    /// from a page of this origin. Another site's could sign somebody in as somebody
    /// else: refuse it.
    pub fn may_be_own_form(&self, headers: &HeaderMap) -> bool {
        Source::of(headers, self) != Source::Foreign
    }
}

/// 403: another site sent it, or may have.
pub(crate) fn cross_site() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "With the cookie of a session only POST from a page of this origin changes anything",
    )
}

/// Whether a page of another site asks for this by script or as a part of itself.
/// That somebody follows a link there is not that (Fetch Metadata's resource isolation).
pub(crate) fn is_asked_by_another_site(headers: &HeaderMap, state: &HttpState) -> bool {
    let says = |name: &str, what: &[u8]| headers.get(name).is_some_and(|it| it.as_bytes() == what);
    Source::of(headers, state) == Source::Foreign
        && !says("sec-fetch-site", b"none")
        && !says("sec-fetch-mode", b"navigate")
}

/// 403: another site's page asked.
pub(crate) fn asked_by_another_site() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "The cookie of a session counts for pages of this origin only",
    )
}

/// 403: the form is none of this session's.
pub(crate) fn invalid_form_token() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "invalid_form_token",
        "The form is too old. Please load the page again.",
    )
}

/// Whether the request has a session's cookie.
pub(crate) fn has_session(headers: &HeaderMap, state: &HttpState) -> bool {
    cookie(headers, &session_name(state)).is_some()
}

/// Who a browser's request is from, without a look at what it wants.
pub(crate) async fn session(
    headers: &HeaderMap,
    client: &Client,
    state: &HttpState,
) -> Result<Current, ApiError> {
    let value = cookie(headers, &session_name(state)).unwrap_or_default();
    Ok(state.auth().current_in_browser(value, client).await?)
}

/// Whether a request of this method changes nothing.
pub(crate) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Who a browser's request is from. One that writes shows that a page of this
/// origin sent it, and that the page was made for this session.
pub(crate) async fn current(
    parts: &Parts,
    client: &Client,
    state: &HttpState,
) -> Result<Current, ApiError> {
    let reads = is_read(&parts.method);
    if !reads && (parts.method != Method::POST || Source::of(&parts.headers, state) != Source::Own)
    {
        return Err(cross_site());
    }
    let current = session(&parts.headers, client, state).await?;
    if !reads {
        let header = parts.headers.get(FORM_TOKEN_HEADER).and_then(|value| value.to_str().ok());
        let form = || parts.extensions.get::<PresentedForm>().map(|form| form.0.as_str());
        let presented = header.or_else(form).unwrap_or_default();
        if !state.auth().is_form_token(&current.session, presented) {
            return Err(invalid_form_token());
        }
    }
    Ok(current)
}

/// The device token that a browser keeps.
pub(crate) fn device<'a>(headers: &'a HeaderMap, state: &HttpState) -> Option<&'a str> {
    cookie(headers, &device_name(state))
}

/// With `__Host-` a browser takes it from this host alone, by HTTPS, for every path
/// (RFC 6265bis, 4.1.3.2). Plain HTTP is for one's own machine, and has no such names.
pub(crate) fn session_name(state: &HttpState) -> String {
    named(state, "usermgmt")
}

pub(crate) fn device_name(state: &HttpState) -> String {
    named(state, "usermgmt-device")
}

/// What binds a sign-in by a provider to the browser that began it.
#[cfg(feature = "oidc")]
pub(crate) fn provider<'a>(headers: &'a HeaderMap, state: &HttpState) -> Option<&'a str> {
    cookie(headers, &provider_name(state))
}

#[cfg(feature = "oidc")]
pub(crate) fn provider_name(state: &HttpState) -> String {
    named(state, "usermgmt-provider")
}

/// Whether this browser was asked whether it wants a passkey.
#[cfg(all(feature = "pages", feature = "passkeys"))]
pub(crate) fn is_passkey_offered(headers: &HeaderMap, state: &HttpState) -> bool {
    cookie(headers, &passkey_offered_name(state)).is_some()
}

#[cfg(all(feature = "pages", feature = "passkeys"))]
pub(crate) fn passkey_offered_name(state: &HttpState) -> String {
    named(state, "usermgmt-passkey-offered")
}

fn named(state: &HttpState, name: &str) -> String {
    if is_secure(state) { format!("__Host-{name}") } else { name.to_owned() }
}

pub(crate) fn is_secure(state: &HttpState) -> bool {
    state.auth().config().public_url.scheme() == "https"
}

/// The first cookie of that name; HTTP/2 sends them in several headers.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name && !value.is_empty()).then_some(value)
    })
}
