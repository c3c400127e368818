//! Going to a provider and coming back, in a browser.

use axum::extract::{FromRequest as _, Request};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use maud::html;
use usermgmt_core::flows::{
    ProviderAnswer, ProviderOutcome, ProviderRequest, ProviderSignInError, SignInOutcome,
};

use super::cookies;
use super::form::Problems;
use super::guest::{Guest, redirect};
use super::look::{self, Sheet};
use super::return_to::own_path;
use super::sign_in::second_step;
use crate::account_path::AccountPath;
use crate::browser;
use crate::error::ApiError;
use crate::pages::visit::Visitor;
use crate::state::HttpState;

/// Where a provider sends the browser back: what is registered with it.
pub(crate) fn redirect_uri(state: &HttpState, at: &AccountPath, provider: &str) -> String {
    let public = state.auth().config().public_url.as_str().trim_end_matches('/');
    let prefix = at.0.trim_end_matches('/');
    format!("{public}{prefix}/signin/oidc/{provider}/callback")
}

/// GET /signin/oidc/{provider}
pub(crate) async fn begin(state: &HttpState, at: &AccountPath, request: Request) -> Response {
    let headers = request.headers().clone();
    let guest = match Guest::from_request(request, state).await {
        Ok(guest) => guest,
        Err(refusal) => return refusal,
    };
    let (auth, provider) = (state.auth(), guest.visit.token.as_str());
    let back = redirect_uri(state, at, provider);
    let mut asked = ProviderRequest::new(provider, &back);
    asked.browser = browser::provider(&headers, state);
    let wanted = own_path(guest.visit.form.text("return_to"), &auth.config().public_url);
    asked.return_to = wanted.map(str::to_owned);
    match auth.begin_provider_sign_in(&asked, &guest.visit.client).await {
        Ok(to) => {
            let mut response = redirect(to.url.as_str());
            let cookie = cookies::provider(state, to.browser.expose());
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => refuse(&guest.visit.visitor, error),
    }
}

/// GET /signin/oidc/{provider}/callback
pub(crate) async fn finish(state: &HttpState, request: Request) -> Response {
    let headers = request.headers().clone();
    let mut guest = match Guest::from_request(request, state).await {
        Ok(guest) => guest,
        Err(refusal) => return refusal,
    };
    let form = &guest.visit.form;
    let given = |name| Some(form.text(name)).filter(|text| !text.is_empty());
    let answer = ProviderAnswer {
        state: form.text("state"),
        code: given("code"),
        issuer: given("iss"),
        error: given("error"),
    };
    let (auth, provider) = (state.auth(), guest.visit.token.as_str());
    let browser = browser::provider(&headers, state);
    let finished = auth.finish_provider_sign_in(provider, &answer, browser, &guest.visit.client);
    match finished.await {
        Ok(ProviderOutcome::SignedIn { outcome, return_to }) => {
            guest.onward = Some(return_to.unwrap_or_else(|| guest.path("/account")));
            match outcome {
                SignInOutcome::SignedIn(signed_in) => guest.enter(&signed_in).await,
                SignInOutcome::MfaRequired { ticket, methods } => {
                    second_step(&guest, ticket.expose(), &methods).await
                }
            }
        }
        Ok(ProviderOutcome::Code(code)) => redirect(&at_front_end(state, "code", code.expose())),
        Ok(ProviderOutcome::Linked { return_to: Some(onward) }) => redirect(&onward),
        Ok(ProviderOutcome::Linked { return_to: None }) => match auth.config().frontend_url {
            Some(_) => redirect(&at_front_end(state, "linked", provider)),
            None => redirect(&guest.path("/account")),
        },
        Err(error) => refuse(&guest.visit.visitor, error),
    }
}

/// The page of the front end that goes on.
fn at_front_end(state: &HttpState, name: &str, value: &str) -> String {
    let config = state.auth().config();
    let front = config.frontend_url.as_ref().unwrap_or(&config.public_url).as_str();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair(name, value).finish();
    format!("{}/signed-in?{query}", front.trim_end_matches('/'))
}

/// What went wrong and what to do now, as a page or for a program.
fn refuse(visitor: &Visitor, error: ProviderSignInError) -> Response {
    let refusal = ApiError::from(error);
    if !visitor.html {
        return refusal.into_response();
    }
    let texts = &visitor.texts.account;
    let problems = Problems::of_form(look::explained(visitor, &refusal));
    let link = |path: &str| format!("{}{path}", visitor.base());
    let body = html! {
        ul.links {
            li { a href=(link("/account/sign-in")) { (texts.sign_in) } }
            li { a href=(link("/account/forgot")) { (texts.forgot) } }
        }
    };
    let sheet = Sheet::new(visitor, visitor.texts.refused, body).problems(&problems);
    look::answer(refusal, sheet)
}
