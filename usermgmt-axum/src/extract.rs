//! Who is asking: extractors for these routers and for a host's own.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use usermgmt_core::flows::{AuthenticationError, Current};
use usermgmt_core::jwt::{self, AccessError};
use usermgmt_core::model::user::Role;

use crate::body::not_too_large;
use crate::browser;
use crate::client::ClientInfo;
use crate::error::ApiError;
use crate::state::HttpState;

/// The claims of a good access token. Asks no store: what has ended since the
/// token was issued is not seen until it expires.
///
/// Where a browser sends the cookie of a session in place of a token, they are what
/// a token would say now, and the store is asked as by [`CurrentUser`].
#[derive(Clone, Debug)]
pub struct AccessClaims(pub Arc<jwt::AccessClaims>);

impl Deref for AccessClaims {
    type Target = jwt::AccessClaims;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S> FromRequestParts<S> for AccessClaims
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let state = HttpState::from_ref(state);
        let claims = match bearer(&parts.headers) {
            Ok(token) => state.auth().access_claims(token)?,
            Err(refusal) => {
                let current = in_browser(parts, &state, refusal).await?;
                state.auth().claims_in_browser(&current).await?
            }
        };
        not_too_large(parts)?;
        Ok(Self(claims))
    }
}

/// The user and session of a good access token as the store has them now: the
/// user is there and active, the session has not ended.
///
/// In place of a token a browser sends the cookie that it got at the sign-in page.
/// GET needs no more, but is refused (403) where a page of another site asks by script
/// or as a part of itself, and not by a link. POST is refused (403) unless a page of
/// this origin sent it (`Sec-Fetch-Site`, or `Origin` where that is missing) and has the
/// session's token ([`HttpState::form_token`]): the field `form_token` of a form, for
/// which the route is to be surrounded by [`with_layers`](crate::with_layers), or the
/// header `Usermgmt-Form-Token`. Other methods take no cookie.
///
/// It works with every state that gives an [`HttpState`]. Where the compiler says
/// that a handler with it is no `Handler<…>`, the router's state gives none: add
/// `.with_state(…)`, or implement `FromRef` for the state; `#[axum::debug_handler]`
/// on the handler names what is missing.
#[derive(Clone, Debug)]
pub struct CurrentUser(pub Current);

impl Deref for CurrentUser {
    type Target = Current;
    fn deref(&self) -> &Current {
        &self.0
    }
}

impl<S> FromRequestParts<S> for CurrentUser
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let accounts = HttpState::from_ref(state);
        let current = match bearer(&parts.headers) {
            Ok(token) => accounts.auth().current(token).await?,
            Err(refusal) => in_browser(parts, &accounts, refusal).await?,
        };
        not_too_large(parts)?;
        let Ok(ClientInfo(client)) = ClientInfo::from_request_parts(parts, state).await;
        Ok(Self(current.from_client(client)))
    }
}

/// As [`CurrentUser`], and of the old service's access tokens too where they
/// still count: for the endpoints that its clients know.
pub(crate) struct CurrentOrLegacyUser(pub(crate) Current);

impl<S> FromRequestParts<S> for CurrentOrLegacyUser
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let accounts = HttpState::from_ref(state);
        let current = match bearer(&parts.headers) {
            Ok(token) => accounts.auth().current_or_legacy(token).await?,
            Err(refusal) => in_browser(parts, &accounts, refusal).await?,
        };
        not_too_large(parts)?;
        let Ok(ClientInfo(client)) = ClientInfo::from_request_parts(parts, state).await;
        Ok(Self(current.from_client(client)))
    }
}

/// Who is asking by cookie; the refusal where there is none.
async fn in_browser(
    parts: &mut Parts,
    state: &HttpState,
    refusal: ApiError,
) -> Result<Current, ApiError> {
    if !browser::has_session(&parts.headers, state) {
        return Err(refusal);
    }
    if browser::is_read(&parts.method) && browser::is_asked_by_another_site(&parts.headers, state) {
        return Err(browser::asked_by_another_site());
    }
    let Ok(ClientInfo(client)) = ClientInfo::from_request_parts(parts, state).await;
    browser::current(parts, &client, state).await
}

/// A [`CurrentUser`] who is an admin now, whatever the token says: a demotion
/// takes effect at once. Anybody else gets 403.
#[derive(Clone, Debug)]
pub struct RequireAdmin(pub Current);

impl Deref for RequireAdmin {
    type Target = Current;
    fn deref(&self) -> &Current {
        &self.0
    }
}

impl<S> FromRequestParts<S> for RequireAdmin
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let CurrentUser(current) = CurrentUser::from_request_parts(parts, state).await?;
        require_role(&current, Role::Admin)?;
        Ok(Self(current))
    }
}

/// Whether the user has this role now. An admin has every role.
///
/// # Errors
/// 403 `forbidden`.
pub fn require_role(current: &Current, role: Role) -> Result<(), ApiError> {
    let has = current.user.role;
    if has == role || has == Role::Admin {
        return Ok(());
    }
    Err(forbidden())
}

pub(crate) fn forbidden() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", "You are not allowed to do this")
}

/// What a host's own route asks of an access token, for [`Require`].
pub trait Requirement: Send + Sync + 'static {
    /// Whether these claims fulfil it.
    fn is_met(claims: &jwt::AccessClaims) -> bool;
}

/// [`AccessClaims`] that fulfil a requirement of the host's own; anybody else
/// gets 403. Asks no store: what the claims say holds until the token expires.
///
/// ```
/// use usermgmt_axum::{Require, Requirement};
///
/// /// Signed in with a second factor.
/// struct SecondFactor;
///
/// impl Requirement for SecondFactor {
///     fn is_met(claims: &usermgmt_core::jwt::AccessClaims) -> bool {
///         claims.is_multi_factor()
///     }
/// }
///
/// async fn payroll(user: Require<SecondFactor>) -> String {
///     format!("Hello, {}!", user.username)
/// }
/// ```
#[derive(Debug)]
pub struct Require<R> {
    claims: Arc<jwt::AccessClaims>,
    requirement: PhantomData<fn() -> R>,
}

impl<R> Deref for Require<R> {
    type Target = jwt::AccessClaims;
    fn deref(&self) -> &Self::Target {
        &self.claims
    }
}

impl<S, R> FromRequestParts<S> for Require<R>
where
    S: Send + Sync,
    HttpState: FromRef<S>,
    R: Requirement,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let AccessClaims(claims) = AccessClaims::from_request_parts(parts, state).await?;
        if !R::is_met(&claims) {
            return Err(forbidden());
        }
        Ok(Self { claims, requirement: PhantomData })
    }
}

/// The token of a request that has nothing else, of whatever kind.
pub(crate) struct BearerAlone(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for BearerAlone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?.to_owned();
        not_too_large(parts)?;
        Ok(Self(token))
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750, 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let missing = || ApiError::token("missing_token", "The Authorization header has no token");
    let header = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = header.to_str().map_err(|_| invalid_token())?;
    let (scheme, token) = text.trim().split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(token.trim())
}

pub(crate) fn invalid_token() -> ApiError {
    ApiError::token("invalid_token", "The token is invalid")
}

/// A token of another kind than the endpoint takes.
pub(crate) fn wrong_token_type() -> ApiError {
    ApiError::token("wrong_token_type", "The token is of the wrong type")
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Invalid => invalid_token(),
            AccessError::Expired => Self::token("token_expired", "The token has expired"),
            AccessError::WrongType => wrong_token_type(),
        }
    }
}

impl From<AuthenticationError> for ApiError {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Token(error) => error.into(),
            AuthenticationError::UserGone => Self::user_not_found(),
            AuthenticationError::SessionEnded => invalid_token(),
            AuthenticationError::Service(error) => error.into(),
        }
    }
}
