//! The pages that mailed links open. GET shows a page with one form and changes
//! nothing, because mail scanners follow links; its button posts to the same
//! address, and that does it.

mod confirm_email;
mod email_change;
mod html;
mod link;
mod not_me;
mod reset_password;

use std::convert::Infallible;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::html::Page;
use crate::answer::Message;
use crate::error::ApiError;
use crate::mount::Mount as _;
use crate::state::HttpState;

/// The pages, at the root.
pub(crate) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::default()
        .mount(routes!(confirm_email::show, confirm_email::submit))
        .mount(routes!(reset_password::show, reset_password::submit))
        .mount(routes!(email_change::show_confirm, email_change::submit_confirm))
        .mount(routes!(email_change::show_undo, email_change::submit_undo))
        .mount(routes!(not_me::show, not_me::submit))
}

/// Who is answered: a browser, which gets pages, or a program, which gets JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    html: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { html: asks_for_html(&parts.headers) })
    }
}

fn asks_for_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).into_iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/html")
    })
}

impl Reader {
    /// It is done.
    fn done(self, state: &HttpState, title: &str, message: &'static str) -> Response {
        if self.html {
            Page::new(product(state), title, message).into_response()
        } else {
            (StatusCode::OK, Json(Message { message })).into_response()
        }
    }

    /// It is refused.
    fn refused(self, state: &HttpState, title: &str, refusal: ApiError) -> Response {
        let page = Page::new(product(state), title, "").with_alert(refusal.message().to_owned());
        self.refused_with(refusal, page)
    }

    /// It is refused, with a page of its own.
    fn refused_with(self, refusal: ApiError, page: Page) -> Response {
        // The outermost layer answers for faults: only it knows the request's id.
        if self.html && refusal.status() != StatusCode::INTERNAL_SERVER_ERROR {
            refusal.respond_with(page)
        } else {
            refusal.into_response()
        }
    }
}

fn product(state: &HttpState) -> &str {
    &state.auth().config().product_name
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_who_names_html_gets_pages() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, TEXT/HTML;q=0.1", true),
            ("*/*", false),
            ("application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(asks_for_html(&headers), html, "{accept}");
        }
    }
}
