//! Which service is asking.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use usermgmt_core::flows::ServiceKeyError;
use usermgmt_core::model::ids::ServiceKeyId;
use usermgmt_core::model::user::{Role, User};
use usermgmt_core::{Actor, Client, Origin};

use super::end_user::EndUser;
use crate::body::not_too_large;
use crate::error::{ApiError, INVALID_TOKEN_CHALLENGE};
use crate::extract::bearer;
use crate::state::HttpState;
use crate::validate::{Issue, Problems, Style};

/// A service with a good key; or anybody, where the API is open.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Which key; none where the API is open.
    key: Option<ServiceKeyId>,
    allow_admin: bool,
    /// For whom a service with a key asks.
    end_user: Option<EndUser>,
}

impl Caller {
    /// Whether the service may make a user of this role.
    pub(super) fn may_create(&self, role: Role) -> Result<(), ApiError> {
        if role == Role::Admin && !self.allow_admin {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "forbidden",
                "This service key may not create or change admins",
            ));
        }
        Ok(())
    }

    /// Who asks, for the audit log.
    pub(super) fn origin(&self, client: &Client) -> Origin {
        let id = self.key.as_ref().map(ToString::to_string);
        Origin { actor_id: id, ..client.origin(Actor::Service, "") }
    }

    /// The client as limits count it.
    pub(super) fn asking(&self, client: Client) -> Client {
        match &self.end_user {
            Some(end_user) => end_user.asking(client),
            None => client,
        }
    }

    /// Whether the service may change this user.
    pub(super) fn may_change(&self, user: &User) -> Result<(), ApiError> {
        self.may_create(user.role)
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    HttpState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let state = HttpState::from_ref(state);
        let key = match bearer(&parts.headers) {
            Ok(presented) => state.auth().authenticate_service(presented).await?,
            Err(_) => None,
        };
        let caller = match key {
            Some(key) => Self {
                key: Some(key.id),
                allow_admin: key.allow_admin,
                end_user: Some(EndUser::read(&parts.headers)?),
            },
            None if state.config().compat.open_users_api => {
                Self { key: None, allow_admin: false, end_user: None }
            }
            None => return Err(unauthorized()),
        };
        not_too_large(parts)?;
        Ok(caller)
    }
}

fn unauthorized() -> ApiError {
    let message = "A service key is required";
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
        .challenge(INVALID_TOKEN_CHALLENGE)
}

impl From<ServiceKeyError> for ApiError {
    fn from(error: ServiceKeyError) -> Self {
        match error {
            ServiceKeyError::InvalidName => {
                let text = "A name has 1 to 100 characters and no control characters";
                Problems::of_field("name", Issue::Value(text.into())).answer(Style::Users)
            }
            error @ ServiceKeyError::NameTaken => {
                Self::new(StatusCode::CONFLICT, "conflict", error.to_string())
            }
            ServiceKeyError::NotFound => Self::not_found("Service key not found"),
            ServiceKeyError::Service(error) => error.into(),
        }
    }
}
