//! Who is asking: extractors for these routers and for a host's own.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use usermgmt_core::flows::{AuthenticationError, Current};
use usermgmt_core::jwt::{self, AccessError};
use usermgmt_core::model::user::Role;

use crate::body::not_too_large;
use crate::error::ApiError;
use crate::state::HttpState;

/// The claims of a good access token. Asks no store: what has ended since the
/// token was issued is not seen until it expires.
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
        let token = bearer(&parts.headers)?;
        let claims = HttpState::from_ref(state).auth().access_claims(token);
        let claims = claims.map_err(access_error)?;
        not_too_large(parts)?;
        Ok(Self(claims))
    }
}

/// The user and session of a good access token as the store has them now: the
/// user is there and active, the session has not ended.
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
        let token = bearer(&parts.headers)?;
        let current = HttpState::from_ref(state).auth().current(token).await;
        let current = current.map_err(authentication_error)?;
        not_too_large(parts)?;
        Ok(Self(current))
    }
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
    Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", "You are not allowed to do this"))
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

fn access_error(error: AccessError) -> ApiError {
    match error {
        AccessError::Expired => ApiError::token("token_expired", "The token has expired"),
        AccessError::WrongType => wrong_token_type(),
        AccessError::Invalid => invalid_token(),
    }
}

pub(crate) fn authentication_error(error: AuthenticationError) -> ApiError {
    match error {
        AuthenticationError::Token(error) => access_error(error),
        AuthenticationError::UserGone => ApiError::not_found("User not found"),
        AuthenticationError::Service(service_error) => service_error.into(),
        AuthenticationError::SessionEnded => invalid_token(),
    }
}
