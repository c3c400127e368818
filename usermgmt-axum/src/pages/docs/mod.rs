//! GET /, of a server that is nothing else: what runs here, where to go on to, and
//! every endpoint to read and to try.
//!
//! The list of endpoints is there without script. With it, Scalar takes its place;
//! its assets are in the program, and the page's policy lets it ask nobody but
//! this server.

mod list;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};

use super::visit::Visitor;
use crate::page_texts::FrontTexts;
use crate::state::HttpState;

/// The documentation styles its elements by attributes, which a hash cannot allow.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

const STYLE: &str = concat!(include_str!("../tokens.css"), include_str!("docs.css"));
const START: &str = include_str!("start.js");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the page loads.
pub(crate) fn assets() -> Router<HttpState> {
    Router::new()
        .route("/docs/docs.css", get(style))
        .route("/docs/start.js", get(async || asset("text/javascript; charset=utf-8", START)))
        .route("/docs/scalar.js", get(scalar))
}

async fn style(visitor: Visitor) -> Response {
    asset("text/css; charset=utf-8", visitor.look().over(STYLE))
}

async fn scalar() -> Response {
    let script = scalar_api_reference::get_asset("scalar.js").unwrap_or_default();
    asset("text/javascript; charset=utf-8", script)
}

fn asset(kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, body.into()).into_response()
}

/// The page, for a browser.
pub(super) fn page(visitor: &Visitor) -> Response {
    let markup = render(visitor);
    let mut response = Html(markup.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn render(visitor: &Visitor) -> Markup {
    let (base, texts) = (visitor.base(), &visitor.texts.front);
    let version = visitor.look().version();
    let asset = |name: &str| format!("{base}/docs/{name}?v={version}");
    html! {
        (DOCTYPE)
        html lang=(visitor.texts.tag) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (visitor.product()) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(asset("docs.css"));
            }
            body {
                header.top {
                    h1 { (visitor.product()) " " small { (VERSION) } }
                    p { (texts.text) }
                    nav { ul {
                        @for (i, (path, label)) in links(visitor, texts).into_iter().enumerate() {
                            li class=[(i == 0).then_some("first")] {
                                a href={ (base) (path) } { (label) }
                            }
                        }
                    } }
                }
                main #endpoints lang="en" { (list::markup()) }
                script src=(asset("scalar.js")) {}
                script src=(asset("start.js")) data-openapi={ (base) "/openapi.json" } {}
            }
        }
    }
}

fn links<'a>(visitor: &'a Visitor, front: &'a FrontTexts) -> Vec<(String, &'a str)> {
    let (texts, mut links) = (&front.links, Vec::new());
    if cfg!(feature = "pages") {
        links.push(("/account".to_owned(), texts.account));
        links.push(("/account/register".to_owned(), texts.register));
    }
    if cfg!(feature = "admin-pages") {
        let admin = format!("{}/", visitor.state().config().admin_path());
        links.push((admin, texts.admin));
    }
    if let Some(mailbox) = &visitor.state().config().mailbox_path {
        links.push((mailbox.clone(), texts.mailbox));
    }
    links.push(("/health/ready".to_owned(), texts.health));
    links.push(("/openapi.json".to_owned(), front.api));
    links
}
