//! The development mailbox in the browser, at /dev/mail. Every link in it is as
//! good as the account it is for, so it is shown to this machine alone: to a
//! loopback peer that named a loopback host and came through no proxy. For
//! everybody else there is no such path.

mod local;
mod page;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use url::Url;
use usermgmt_axum::ApiError;
use usermgmt_mail::DevMailbox;

/// Of every answer, errors included. Nothing is loaded and nothing runs; styles are
/// for the mails, whose frame has the page's policy.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// How many mails the list shows.
const SHOWN: usize = 200;

/// What the pages show, and under which path of the public URL.
#[derive(Clone)]
struct Shown {
    mailbox: DevMailbox,
    base: String,
}

/// The pages, at the root and under the path of the public URL. To be mounted only
/// where the listener and the public URL are loopback.
pub(crate) fn router(mailbox: DevMailbox, public_url: &Url) -> Router {
    let base = public_url.path().trim_end_matches('/').to_owned();
    let pages = Router::new()
        .route("/dev/mail", any(list))
        .route("/dev/mail/", any(list))
        .route("/dev/mail/{id}", any(show));
    let pages = if base.is_empty() { pages } else { pages.clone().nest(&base, pages) };
    pages.layer(from_fn(only_local)).with_state(Shown { mailbox, base })
}

async fn only_local(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response =
        if reads && local::is_local(&request) { next.run(request).await } else { no_such_path() };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn no_such_path() -> Response {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "The requested resource could not be found")
        .into_response()
}

async fn list(State(shown): State<Shown>) -> Response {
    match shown.mailbox.list(SHOWN).await {
        Ok(mails) => page::list(&mails, &shown.base).into_response(),
        Err(error) => failed(&error),
    }
}

async fn show(State(shown): State<Shown>, Path(id): Path<String>) -> Response {
    match shown.mailbox.read(&id).await {
        Ok(Some(mail)) => page::mail(&mail, &shown.base).into_response(),
        Ok(None) => no_such_path(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "the development mailbox cannot be shown");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "The development mailbox cannot be read; the log says why",
    )
    .into_response()
}
