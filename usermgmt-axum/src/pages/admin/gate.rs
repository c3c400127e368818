//! Who is let in: an administrator, by the same policy as at the admin API.

use std::future::Future;

use axum::extract::{FromRequestParts as _, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use usermgmt_core::flows::{AdminAccess, AdminAccessError};

use super::fields::{Fields, query};
use super::visit::{Admin, root};
use super::{again, sign_in};
use crate::body::{form, not_too_large};
use crate::browser;
use crate::client::ClientInfo;
use crate::pages::account::guest::redirect;
use crate::pages::account::{cookies, look};
use crate::pages::visit::Visitor;
use crate::state::HttpState;

/// A page that only shows something.
pub(super) fn reads<P, F>(page: P) -> MethodRouter<HttpState>
where
    P: FnOnce(Admin) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    get(move |State(state): State<HttpState>, request: Request| {
        answer(state, request, AdminAccess::Read, page)
    })
}

/// What a form of these pages does.
pub(super) fn writes<P, F>(page: P) -> MethodRouter<HttpState>
where
    P: FnOnce(Admin) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    post(move |State(state): State<HttpState>, request: Request| {
        answer(state, request, AdminAccess::Write, page)
    })
}

async fn answer<P, F>(state: HttpState, request: Request, access: AdminAccess, page: P) -> Response
where
    P: FnOnce(Admin) -> F + Send,
    F: Future<Output = Response> + Send,
{
    match admit(request, access, &state).await {
        Ok((admin, cookies)) => {
            let mut response = page(admin).await;
            for cookie in cookies {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refusal) => *refusal,
    }
}

/// Lets somebody in, with the cookies of a session that they have begun by it.
async fn admit(
    request: Request,
    access: AdminAccess,
    state: &HttpState,
) -> Result<(Admin, Vec<HeaderValue>), Box<Response>> {
    let (mut parts, body) = request.into_parts();
    let Ok(ClientInfo(client)) = ClientInfo::from_request_parts(&mut parts, state).await;
    let Ok(mut visitor) = Visitor::from_request_parts(&mut parts, state).await;
    let refused = |visitor: &Visitor, refusal| Box::new(look::refuse(visitor, refusal));
    not_too_large(&parts).map_err(|refusal| refused(&visitor, refusal))?;
    let current = match browser::current(&parts, &client, state).await {
        Ok(current) => current,
        Err(refusal) if refusal.status() == StatusCode::UNAUTHORIZED => {
            return Err(Box::new(to_sign_in(&visitor, &parts, access)));
        }
        Err(refusal) => return Err(refused(&visitor, refusal)),
    };
    visitor.knows(&current.user);
    let params = params(&mut parts, state).await;
    let fields = match access {
        AdminAccess::Read => Fields::read(parts.uri.query().unwrap_or_default().as_bytes()),
        AdminAccess::Write => {
            let form = form(&parts, body).await;
            Fields::read(&form.map_err(|refusal| refused(&visitor, refusal))?)
        }
    };
    match state.auth().administrator(&current, access) {
        Ok(by) => Ok((Admin { visitor, current, by, fields, params }, Vec::new())),
        Err(AdminAccessError::ReauthenticationRequired) => {
            let action = here(&visitor, &parts);
            let proven = again::prove(&visitor, &current, &client, &fields, &action).await?;
            let again::Proven { current, by, cookies } = proven;
            Ok((Admin { visitor, current, by, fields, params }, cookies))
        }
        Err(why) => {
            let target = target(&visitor, &parts, access);
            Err(Box::new(sign_in::for_others(&visitor, &current, why, &target).await))
        }
    }
}

async fn params(parts: &mut Parts, state: &HttpState) -> Vec<(String, String)> {
    // What is no UTF-8 names nothing.
    let Ok(params) = RawPathParams::from_request_parts(parts, state).await else {
        return Vec::new();
    };
    params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The path that was asked for, under the public URL's.
fn here(visitor: &Visitor, parts: &Parts) -> String {
    format!("{}{}", visitor.base(), parts.uri.path())
}

/// Where somebody goes on to once they may.
fn target(visitor: &Visitor, parts: &Parts, access: AdminAccess) -> String {
    match (access, parts.uri.query()) {
        (AdminAccess::Read, Some(query)) => format!("{}?{query}", here(visitor, parts)),
        (AdminAccess::Read, None) => here(visitor, parts),
        (AdminAccess::Write, _) => root(visitor),
    }
}

fn to_sign_in(visitor: &Visitor, parts: &Parts, access: AdminAccess) -> Response {
    let target = target(visitor, parts, access);
    let query = query([("return_to", target.as_str())]);
    let mut response = redirect(&format!("{}/sign-in{query}", root(visitor)));
    response.headers_mut().append(header::SET_COOKIE, cookies::ended(visitor.state()));
    response
}
