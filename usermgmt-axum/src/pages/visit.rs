//! Somebody at a page: who, with which link, and how they are answered.

use std::convert::Infallible;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use usermgmt_core::{Auth, Client, User};

use super::html::Page;
use crate::answer::Message;
use crate::body::FormFields;
use crate::client::ClientInfo;
use crate::error::ApiError;
use crate::language::languages;
use crate::page_look::PageLook;
use crate::page_texts::Texts;
use crate::path::Segment;
use crate::state::HttpState;

/// Where a page leads on to where there is no front end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LeadsOn {
    /// The account pages are mounted, so somebody can sign in there.
    pub(crate) to_sign_in: bool,
}

/// A request to a page.
pub(super) struct Visit {
    pub(super) visitor: Visitor,
    pub(super) client: Client,
    /// The link's token: part of the path, or a field of the query or the form.
    pub(super) token: String,
    pub(super) form: FormFields,
}

impl Visit {
    pub(super) fn auth(&self) -> &Auth {
        self.visitor.state.auth()
    }

    pub(super) fn confirms_on_get(&self) -> bool {
        self.visitor.state.config().compat.confirm_on_get
    }
}

impl FromRequest<HttpState> for Visit {
    /// The refusal, as the visitor reads it.
    type Rejection = Response;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(ClientInfo(client)) = ClientInfo::from_request_parts(&mut parts, state).await;
        let Ok(Segment(segment)) = Segment::from_request_parts(&mut parts, state).await;
        let leads_on = parts.extensions.get().copied().unwrap_or_default();
        let visitor = Visitor { leads_on, ..Visitor::new(&parts.headers, state) };
        match FormFields::from_request(Request::from_parts(parts, body), state).await {
            Ok(form) => {
                let token =
                    if segment.is_empty() { form.text("token").to_owned() } else { segment };
                Ok(Self { visitor, client, token, form })
            }
            Err(refusal) => Err(visitor.refused(visitor.texts.refused, refusal)),
        }
    }
}

/// Who is answered: a browser, which gets pages in its language, or a program,
/// which gets JSON.
pub(crate) struct Visitor {
    state: HttpState,
    pub(super) html: bool,
    /// In a language that the visitor likes, where there is one.
    liked: Option<&'static Texts>,
    pub(super) texts: &'static Texts,
    leads_on: LeadsOn,
}

impl Visitor {
    fn new(headers: &HeaderMap, state: &HttpState) -> Self {
        let wording = state.config().look.wording();
        let liked = wording.in_one_of(&languages(headers));
        let texts = liked.unwrap_or(wording.english());
        let html = asks_for_html(headers);
        Self { state: state.clone(), html, liked, texts, leads_on: LeadsOn::default() }
    }

    /// Speaks this user's language where the visitor named none that there is.
    pub(super) fn knows(&mut self, user: &User) {
        let wording = self.look().wording();
        let own = user.locale.as_deref().and_then(|tag| wording.in_one_of(&[tag]));
        self.texts = self.liked.or(own).unwrap_or(wording.english());
    }

    /// A page in the name of the product.
    pub(super) fn page(&self, title: &str, text: impl Into<String>) -> Page {
        Page::new(self.texts.tag, self.product(), title, text, self.look())
    }

    pub(super) fn product(&self) -> &str {
        &self.state.auth().config().product_name
    }

    pub(super) fn look(&self) -> &PageLook {
        &self.state.config().look
    }

    #[cfg(any(feature = "docs", feature = "pages"))]
    pub(super) fn state(&self) -> &HttpState {
        &self.state
    }

    /// The path of the public URL, without a slash behind it.
    pub(super) fn base(&self) -> &str {
        self.state.auth().config().public_url.path().trim_end_matches('/')
    }

    /// It is done: a page that leads on, where there is anything to go on to.
    pub(super) fn done(&self, page: Page, leads_on: bool, message: &'static str) -> Response {
        if !self.html {
            return (StatusCode::OK, Json(Message { message })).into_response();
        }
        if !leads_on {
            return page.into_response();
        }
        let label = self.texts.lead_on.replace("{product}", self.product());
        // Else the application is at the public URL.
        let target = match &self.state.auth().config().frontend_url {
            Some(url) => url.to_string(),
            None if self.leads_on.to_sign_in => format!("{}/account/sign-in", self.base()),
            None => format!("{}/", self.base()),
        };
        page.with_link(target, label).into_response()
    }

    /// It is refused.
    pub(super) fn refused(&self, title: &str, refusal: ApiError) -> Response {
        let text = self.texts.refusal(refusal.code()).unwrap_or_else(|| refusal.message());
        let page = self.page(title, "").with_alert(text);
        self.refused_with(refusal, page)
    }

    /// It is refused, with a page of its own.
    pub(super) fn refused_with(&self, refusal: ApiError, page: Page) -> Response {
        // The outermost layer answers for faults: only it knows the request's id.
        if self.html && refusal.status() != StatusCode::INTERNAL_SERVER_ERROR {
            refusal.respond_with(page)
        } else {
            refusal.into_response()
        }
    }
}

impl FromRequestParts<HttpState> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Infallible> {
        Ok(Self::new(&parts.headers, state))
    }
}

fn asks_for_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).into_iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/html")
    })
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
