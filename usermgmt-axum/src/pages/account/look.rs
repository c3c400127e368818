//! The look of these pages: one shell, one style sheet, and a script that they work
//! without.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};

use super::form::Problems;
use crate::error::ApiError;
use crate::fallback::not_found;
use crate::page_look::Shell;
use crate::pages::visit::Visitor;

/// What all pages look like, and what these have besides.
const STYLE: &str = concat!(
    include_str!("../tokens.css"),
    include_str!("../style.css"),
    include_str!("account.css")
);

/// What makes them easier where scripts run.
const SCRIPT: &str = include_str!("../pages.js");

/// Nothing from elsewhere, and images as data for QR codes.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// An SVG may style itself; no script in it runs, nor does it load anything, where it is
/// opened by itself.
const LOGO_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A page under way.
pub(in crate::pages) struct Sheet<'a> {
    visitor: &'a Visitor,
    title: &'a str,
    wide: bool,
    problems: &'a Problems,
    notice: Option<&'a str>,
    body: Markup,
}

static NO_PROBLEMS: std::sync::LazyLock<Problems> = std::sync::LazyLock::new(Problems::default);

impl<'a> Sheet<'a> {
    pub(in crate::pages) fn new(visitor: &'a Visitor, title: &'a str, body: Markup) -> Self {
        Self { visitor, title, wide: false, problems: &NO_PROBLEMS, notice: None, body }
    }

    pub(in crate::pages) fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    pub(in crate::pages) fn problems(self, problems: &'a Problems) -> Self {
        Self { problems, ..self }
    }

    pub(in crate::pages) fn notice(self, notice: Option<&'a str>) -> Self {
        Self { notice, ..self }
    }

    fn render(self) -> String {
        let Self { visitor, title, wide, problems, notice, body } = self;
        let texts = &visitor.texts.account;
        let content = html! {
            main class=[wide.then_some("wide")] {
                p.brand { (brand(visitor)) }
                h1 { (title) }
                (problems.summary(texts.summary))
                @if let Some(notice) = notice { p.notice role="status" { (notice) } }
                (body)
            }
        };
        let head = head(visitor, title, !problems.is_empty(), &html! {});
        shell(visitor, "account", title, &head, &content)
    }
}

impl IntoResponse for Sheet<'_> {
    fn into_response(self) -> Response {
        respond(self.render())
    }
}

/// A whole page of this kind.
pub(in crate::pages) fn shell(
    visitor: &Visitor,
    kind: &str,
    title: &str,
    head: &Markup,
    content: &Markup,
) -> String {
    let (lang, product) = (visitor.texts.tag, visitor.product());
    let (head, content) = (&head.0, &content.0);
    visitor.look().around(&Shell { lang, title, product, kind, head, content })
}

/// What the head of every page has; `more` is what these have besides.
pub(in crate::pages) fn head(
    visitor: &Visitor,
    title: &str,
    is_wrong: bool,
    more: &Markup,
) -> Markup {
    let texts = &visitor.texts.account;
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="robots" content="noindex";
        title {
            @if is_wrong { (texts.error_prefix) " " }
            (title) " – " (visitor.product())
        }
        link rel="stylesheet" href=(asset_path(visitor, "style.css"));
        (more)
        script src=(asset_path(visitor, "pages.js")) defer data-show=(texts.show) data-hide=(texts.hide)
            data-copy=(texts.copy) data-copied=(texts.copied) data-save=(texts.download)
            data-print=(texts.print) {}
    }
}

/// The product by its logo, or its name.
pub(in crate::pages) fn brand(visitor: &Visitor) -> Markup {
    html! {
        @if visitor.look().picture().is_some() {
            img.logo src=(asset_path(visitor, "logo")) alt=(visitor.product());
        } @else {
            (visitor.product())
        }
    }
}

/// A page with the policy that all of them have.
pub(in crate::pages) fn respond(page: String) -> Response {
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Without a referrer a form has no origin either, and older browsers say
    // nothing else of where it comes from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// The same refusal, as a page.
pub(in crate::pages) fn refuse(visitor: &Visitor, refusal: ApiError) -> Response {
    let problems = Problems::of_form(explained(visitor, &refusal));
    let texts = &visitor.texts.account;
    let home = format!("{}/account", visitor.base());
    let body = html! { p { a href=(home) { (texts.account) } } };
    let sheet = Sheet::new(visitor, visitor.texts.refused, body).problems(&problems);
    answer(refusal, sheet)
}

/// A page with the status and headers of a refusal.
pub(in crate::pages) fn answer(refusal: ApiError, sheet: Sheet<'_>) -> Response {
    // The outermost layer answers for faults: only it knows the request's id.
    if refusal.status() == StatusCode::INTERNAL_SERVER_ERROR {
        refusal.into_response()
    } else {
        refusal.respond_with(sheet)
    }
}

/// 400 with a page that says what is wrong.
pub(in crate::pages) fn invalid(sheet: Sheet<'_>) -> Response {
    (StatusCode::BAD_REQUEST, sheet).into_response()
}

/// What a refusal says in the visitor's language.
pub(in crate::pages) fn explained(visitor: &Visitor, refusal: &ApiError) -> String {
    let text = visitor.texts.refusal(refusal.code());
    text.map_or_else(|| refusal.message().to_owned(), str::to_owned)
}

/// Where a file of the pages is; another version's is another file.
pub(in crate::pages) fn asset_path(visitor: &Visitor, name: &str) -> String {
    format!("{}/account/{name}?v={}", visitor.base(), visitor.look().version())
}

/// GET /account/style.css
pub(super) async fn style(visitor: Visitor) -> Response {
    asset("text/css; charset=utf-8", visitor.look().over(STYLE))
}

/// GET /account/logo
pub(super) async fn logo(visitor: Visitor) -> Response {
    match visitor.look().picture() {
        Some(logo) => {
            let (kind, bytes) = logo.file();
            let mut response = asset(kind, bytes);
            let policy = HeaderValue::from_static(LOGO_POLICY);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        }
        None => not_found().await.into_response(),
    }
}

/// GET /account/pages.js
pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// A file that browsers keep for an hour.
pub(in crate::pages) fn asset(kind: &'static str, content: impl Into<Body>) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, content.into()).into_response()
}
