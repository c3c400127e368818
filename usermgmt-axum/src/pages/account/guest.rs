//! Somebody at a page that takes no session.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use usermgmt_core::flows::{Current, SignedIn};
use usermgmt_core::with_causes;

use super::return_to::own_path;
use super::{cookies, look};
#[cfg(feature = "oidc")]
use crate::account_path::AccountPath;
use crate::browser::{self, Source};
use crate::page_texts::account::AccountTexts;
use crate::pages::visit::Visit;
use crate::state::HttpState;

/// In the query and the forms of somebody who signs in again.
pub(super) const AGAIN: &str = "again";

/// A visit without a session. Another site's form is refused: it could sign
/// somebody in as somebody else.
pub(in crate::pages) struct Guest {
    pub(in crate::pages) visit: Visit,
    pub(super) headers: HeaderMap,
    /// Where they go on, whatever the request says.
    #[cfg(feature = "oidc")]
    pub(super) onward: Option<String>,
    #[cfg(feature = "oidc")]
    pub(super) account_path: Option<AccountPath>,
}

impl FromRequest<HttpState> for Guest {
    type Rejection = Response;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let foreign =
            request.method() == Method::POST && Source::of(&headers, state) == Source::Foreign;
        #[cfg(feature = "oidc")]
        let account_path = request.extensions().get().cloned();
        let visit = Visit::from_request(request, state).await?;
        if foreign {
            return Err(look::refuse(&visit.visitor, browser::cross_site()));
        }
        Ok(Self {
            visit,
            headers,
            #[cfg(feature = "oidc")]
            onward: None,
            #[cfg(feature = "oidc")]
            account_path,
        })
    }
}

impl Guest {
    pub(in crate::pages) fn texts(&self) -> &'static AccountTexts {
        &self.visit.visitor.texts.account
    }

    /// The session that the browser has already.
    pub(in crate::pages) async fn session(&self) -> Option<Current> {
        let state = self.visit.visitor.state();
        if !browser::has_session(&self.headers, state) {
            return None;
        }
        browser::session(&self.headers, &self.visit.client, state).await.ok()
    }

    /// On to where they were going, where they are signed in and need not be again.
    pub(in crate::pages) async fn passes(&self) -> Option<Response> {
        if self.is_again() {
            return None;
        }
        self.session().await.map(|_| redirect(&self.target()))
    }

    /// In with a new session, on to where they were going.
    pub(in crate::pages) async fn enter(&self, signed_in: &SignedIn) -> Response {
        self.enter_at(signed_in, &self.target()).await
    }

    /// In with a new session; the one that the browser had ends.
    pub(in crate::pages) async fn enter_at(&self, signed_in: &SignedIn, target: &str) -> Response {
        if let Some(old) = self.session().await
            && let Err(error) = self.visit.auth().sign_out(&old).await
        {
            tracing::warn!(error = %with_causes(&error), "the session before is not ended");
        }
        let mut response = redirect(target);
        for cookie in cookies::signed_in(self.visit.visitor.state(), signed_in) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Where they asked to go, where that is one of this origin's paths.
    pub(in crate::pages) fn wanted(&self) -> Option<&str> {
        #[cfg(feature = "oidc")]
        if let Some(onward) = &self.onward {
            return Some(onward);
        }
        let public = &self.visit.auth().config().public_url;
        own_path(self.visit.form.text("return_to"), public)
    }

    /// Whether somebody signs in once more, to do what a session alone is not enough for.
    fn is_again(&self) -> bool {
        self.visit.form.text(AGAIN) == "yes"
    }

    pub(super) fn target(&self) -> String {
        self.wanted().map_or_else(|| self.path("/account"), str::to_owned)
    }

    /// A path of ours, under the public URL's.
    pub(in crate::pages) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.visit.visitor.base())
    }

    /// A link to another of these pages, which keeps where they are going.
    pub(in crate::pages) fn link(&self, path: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(wanted) = self.wanted() {
            query.append_pair("return_to", wanted);
        }
        if self.is_again() {
            query.append_pair(AGAIN, "yes");
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.path(path))
    }

    /// Keeps where they are going, within a form.
    pub(in crate::pages) fn going(&self) -> Markup {
        html! {
            @if let Some(wanted) = self.wanted() {
                input type="hidden" name="return_to" value=(wanted);
            }
            @if self.is_again() { input type="hidden" name=(AGAIN) value="yes"; }
        }
    }
}

/// 303: what was posted is done, and is not done again by a reload.
pub(in crate::pages) fn redirect(target: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = HeaderValue::try_from(target).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}
