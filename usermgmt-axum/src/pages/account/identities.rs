//! POST /account/identities/link and /account/identities/unlink

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use maud::html;
use usermgmt_core::flows::{IdentityError, ProviderRequest, ProviderSignInError};

use super::form::Problems;
use super::look::Sheet;
use super::member::Member;
use super::overview::{IDENTITIES, again_or};
use super::profile::unproven;
use super::{cookies, provider};
use crate::browser;
use crate::error::ApiError;

/// Goes to the provider. The form's own answer is a page, since browsers follow no
/// redirect from a form to another site here (CSP, `form-action`).
pub(super) async fn link(member: Member) -> Response {
    let state = member.visit.visitor.state();
    let id = member.visit.form.text("provider");
    let Some(at) = &member.account_path else {
        return member.refused(ProviderSignInError::UnknownProvider.into());
    };
    let back = provider::redirect_uri(state, at, id);
    let mut asked = ProviderRequest::new(id, &back);
    asked.browser = browser::provider(&member.headers, state);
    asked.return_to = Some(member.path("/account?done=linked"));
    let password = member.secret("current_password");
    let auth = member.visit.auth();
    match auth.begin_identity_link(&member.current, &asked, password.as_ref()).await {
        Ok(to) => {
            let texts = member.texts();
            let name = auth.config().providers.iter().find(|provider| provider.id == id);
            let name = name.map_or(id, |provider| &provider.name);
            let title = texts.go_to_provider.replace("{name}", name);
            let body = html! { p { a.button href=(to.url) { (title) } } };
            let mut response = Sheet::new(&member.visit.visitor, &title, body).into_response();
            let headers = response.headers_mut();
            if let Ok(refresh) = HeaderValue::try_from(format!("0; url={}", to.url)) {
                headers.insert(header::REFRESH, refresh);
            }
            headers.append(header::SET_COOKIE, cookies::provider(state, to.browser.expose()));
            response
        }
        Err(ProviderSignInError::Reauthentication(why)) => {
            again_or(&member, IDENTITIES, Ok(unproven(&member, IDENTITIES, why))).await
        }
        Err(error) => member.refused(error.into()),
    }
}

pub(super) async fn unlink(member: Member) -> Response {
    let Ok(id) = member.visit.form.text("identity").parse() else {
        return member.refused(IdentityError::NotFound.into());
    };
    let password = member.secret("current_password");
    let auth = member.visit.auth();
    match auth.unlink_identity(&member.current, &id, password.as_ref()).await {
        // One that is gone already is what was asked for.
        Ok(()) | Err(IdentityError::NotFound) => member.done("unlinked"),
        Err(IdentityError::Reauthentication(why)) => {
            again_or(&member, IDENTITIES, Ok(unproven(&member, IDENTITIES, why))).await
        }
        Err(error @ IdentityError::LastSignInMethod) => {
            let refusal = ApiError::from(error);
            let why = super::look::explained(&member.visit.visitor, &refusal);
            again_or(&member, IDENTITIES, Ok(Problems::of_form(why))).await
        }
        Err(error) => member.refused(error.into()),
    }
}
