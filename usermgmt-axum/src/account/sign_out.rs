//! POST /signout and POST /signout/all

use axum::extract::State;
use axum::http::StatusCode;

use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::extract::BearerAlone;
use crate::state::HttpState;

/// Ends the session of the access or refresh token.
#[utoipa::path(
    post,
    path = "/signout",
    tag = "account",
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "No token, or none that is good", body = ErrorBody),
    ),
    security(("access_token" = []), ("refresh_token" = [])),
)]
pub(crate) async fn sign_out(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    BearerAlone(bearer): BearerAlone,
) -> Result<StatusCode, ApiError> {
    let current = state.auth().bearer_of_any_token(&bearer).await?.from_client(client);
    state.auth().sign_out(&current).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of the user whose access or refresh token it is.
#[utoipa::path(
    post,
    path = "/signout/all",
    tag = "account",
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "No token, or none that is good", body = ErrorBody),
    ),
    security(("access_token" = []), ("refresh_token" = [])),
)]
pub(crate) async fn sign_out_all(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    BearerAlone(bearer): BearerAlone,
) -> Result<StatusCode, ApiError> {
    let current = state.auth().bearer_of_any_token(&bearer).await?.from_client(client);
    state.auth().sign_out_all(&current.user.id, &current.client).await?;
    Ok(StatusCode::NO_CONTENT)
}
