//! Somebody at a page behind sign-in.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;
use maud::{Markup, html};
use usermgmt_core::config::REAUTHENTICATION_WINDOW;
use usermgmt_core::flows::Current;
use usermgmt_core::secret::PlaintextPassword;

use super::guest::{AGAIN, redirect};
use super::{cookies, look};
use crate::body::not_too_large;
use crate::browser::{self, FORM_TOKEN};
use crate::client::ClientInfo;
use crate::error::ApiError;
use crate::page_texts::account::AccountTexts;
use crate::pages::visit::{Visit, Visitor};
use crate::state::HttpState;

/// A visit with a session, and where it writes with the evidence that it is the
/// user's own page that does. Anybody else is led to the sign-in page.
pub(super) struct Member {
    pub(super) visit: Visit,
    pub(super) current: Current,
    #[cfg(feature = "oidc")]
    pub(super) headers: axum::http::HeaderMap,
    #[cfg(feature = "oidc")]
    pub(super) account_path: Option<crate::account_path::AccountPath>,
}

impl FromRequest<HttpState> for Member {
    type Rejection = Response;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(ClientInfo(client)) = ClientInfo::from_request_parts(&mut parts, state).await;
        if let Err(refusal) = not_too_large(&parts) {
            let Ok(visitor) = Visitor::from_request_parts(&mut parts, state).await;
            return Err(look::refuse(&visitor, refusal));
        }
        match browser::current(&parts, &client, state).await {
            Ok(current) => {
                #[cfg(feature = "oidc")]
                let (headers, account_path) =
                    (parts.headers.clone(), parts.extensions.get().cloned());
                let mut visit =
                    Visit::from_request(Request::from_parts(parts, body), state).await?;
                visit.visitor.knows(&current.user);
                Ok(Self {
                    visit,
                    current,
                    #[cfg(feature = "oidc")]
                    headers,
                    #[cfg(feature = "oidc")]
                    account_path,
                })
            }
            Err(refusal) => {
                let Ok(visitor) = Visitor::from_request_parts(&mut parts, state).await;
                if refusal.status() != StatusCode::UNAUTHORIZED {
                    return Err(look::refuse(&visitor, refusal));
                }
                let mut response = redirect(&format!("{}/account/sign-in", visitor.base()));
                response.headers_mut().append(header::SET_COOKIE, cookies::ended(state));
                Err(response)
            }
        }
    }
}

impl Member {
    pub(super) fn texts(&self) -> &'static AccountTexts {
        &self.visit.visitor.texts.account
    }

    /// A path of ours, under the public URL's.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.visit.visitor.base())
    }

    /// A form of this session.
    pub(super) fn form(&self, path: &str, fields: Markup) -> Markup {
        html! {
            form method="post" action=(self.path(path)) novalidate {
                (self.token())
                (fields)
            }
        }
    }

    /// What makes a form one of this session.
    pub(super) fn token(&self) -> Markup {
        let token = self.visit.visitor.state().form_token(&self.current);
        html! { input type="hidden" name=(FORM_TOKEN) value=(token); }
    }

    /// Where they sign in again, by whichever way they have, to go on at this path.
    pub(super) fn sign_in_again(&self, onward: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let onward = self.path(onward);
        let query = query.append_pair(AGAIN, "yes").append_pair("return_to", &onward).finish();
        self.path(&format!("/account/sign-in?{query}"))
    }

    /// What was typed, where anything was; blanks at its ends are cut off.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        let text = self.visit.form.text(name).trim();
        (!text.is_empty()).then_some(text)
    }

    /// A password or code as it was typed, where anything was.
    pub(super) fn secret(&self, name: &str) -> Option<PlaintextPassword> {
        let text = self.visit.form.text(name);
        (!text.is_empty()).then(|| PlaintextPassword::from(text))
    }

    /// Whether the sign-in is too long ago for what only the user may do.
    pub(super) fn must_prove(&self) -> bool {
        let age = self.visit.auth().now().since(self.current.session.auth_time);
        age > REAUTHENTICATION_WINDOW
    }

    /// Whether a passkey was part of the sign-in (RFC 8176).
    #[cfg(feature = "passkeys")]
    pub(super) fn signed_in_by_passkey(&self) -> bool {
        self.current.session.amr.iter().any(|method| method == "hwk")
    }

    /// Back at the account, which says that it is done.
    pub(super) fn done(&self, what: &str) -> Response {
        redirect(&self.path(&format!("/account?done={what}")))
    }

    /// The same under another cookie, after what raised what a session may do.
    pub(super) async fn renewed(&self, mut response: Response) -> Result<Response, ApiError> {
        let session = self.visit.auth().renew_session(&self.current).await?;
        let cookie = cookies::renewed(self.visit.visitor.state(), &session);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    pub(super) fn refused(&self, refusal: ApiError) -> Response {
        look::refuse(&self.visit.visitor, refusal)
    }
}
