//! POST /refresh_token

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::flows::RefreshError;
use utoipa::ToSchema;

use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::extract::{BearerAlone, invalid_token, wrong_token_type};
use crate::state::HttpState;

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ…", "refresh_token": "umr_…", "token_type": "Bearer", "expires_in": 900,
}))]
pub(crate) struct RefreshedBody {
    access_token: String,
    /// The next refresh token: the one presented is used up.
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How many seconds the access token is good.
    expires_in: u64,
}

/// Exchanges a refresh token for new tokens.
#[utoipa::path(
    post,
    path = "/refresh_token",
    operation_id = "refresh_tokens",
    tag = "account",
    responses(
        (status = 200, description = "New tokens", body = RefreshedBody),
        (status = 401, description = "No refresh token, or none that is good", body = ErrorBody),
    ),
    security(("refresh_token" = [])),
)]
pub(crate) async fn refresh(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    BearerAlone(token): BearerAlone,
) -> Result<Json<RefreshedBody>, ApiError> {
    let tokens = state.auth().refresh(&token, &client).await?;
    Ok(Json(RefreshedBody {
        access_token: tokens.access_token.expose().clone(),
        refresh_token: tokens.refresh_token.expose().clone(),
        token_type: "Bearer",
        expires_in: seconds(tokens.expires_in),
    }))
}

/// Whole seconds, at least one: a client that is told zero would never use the token.
pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs().max(1)
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid | RefreshError::Reused => invalid_token(),
            RefreshError::WrongType => wrong_token_type(),
            RefreshError::Service(error) => error.into(),
        }
    }
}
