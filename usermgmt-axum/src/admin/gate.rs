//! Who may ask: an administrator, and how well they must have proved it.

use std::collections::BTreeMap;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use usermgmt_core::flows::{AdminAccess, AdminAccessError, Current};
use usermgmt_core::model::audit::Origin;
use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use crate::error::ApiError;
use crate::extract::{CurrentUser, forbidden};
use crate::state::HttpState;

/// An administrator who looks at something.
#[derive(Clone, Debug)]
pub(crate) struct Reader(pub(crate) Current);

impl<S> FromRequestParts<S> for Reader
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let CurrentUser(current) = CurrentUser::from_request_parts(parts, state).await?;
        HttpState::from_ref(state).auth().administrator(&current, AdminAccess::Read)?;
        Ok(Self(current))
    }
}

/// An administrator who changes something, as the audit log names them.
#[derive(Clone, Debug)]
pub(crate) struct Writer(pub(crate) Origin);

impl<S> FromRequestParts<S> for Writer
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let CurrentUser(current) = CurrentUser::from_request_parts(parts, state).await?;
        let state = HttpState::from_ref(state);
        let auth = state.auth();
        match auth.administrator(&current, AdminAccess::Write) {
            Ok(origin) => Ok(Self(origin)),
            Err(error @ AdminAccessError::ReauthenticationRequired) => {
                Err(ApiError::from(error).ways(auth.ways_in(&current.user.id).await?))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl From<AdminAccessError> for ApiError {
    fn from(error: AdminAccessError) -> Self {
        let refused = |code, message| Self::new(StatusCode::FORBIDDEN, code, message);
        match error {
            AdminAccessError::Forbidden => forbidden(),
            AdminAccessError::MfaRequired => refused(
                "mfa_required",
                "Administrators need a second factor: enrol one, then sign in with it",
            ),
            AdminAccessError::ReauthenticationRequired => {
                refused("reauthentication_required", "Sign in again")
            }
        }
    }
}

/// Describes the refusals of [`Reader`].
pub(super) struct ReaderRefusals;

/// Describes the refusals of [`Writer`].
pub(super) struct WriterRefusals;

impl IntoResponses for ReaderRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals("`forbidden`: no administrator; `mfa_required`: the session has no second factor")
    }
}

impl IntoResponses for WriterRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(
            "`forbidden`: no administrator; `mfa_required`: the session has no second factor; \
             `reauthentication_required`: the sign-in is too long ago",
        )
    }
}

fn refusals(forbidden: &str) -> BTreeMap<String, RefOr<Response>> {
    let response = |description: &str| {
        let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
        let response = ResponseBuilder::new().description(description);
        RefOr::T(response.content("application/json", body).build())
    };
    BTreeMap::from([
        ("401".to_owned(), response("No access token, or none that is good")),
        ("403".to_owned(), response(forbidden)),
    ])
}
