//! POST /users/{id}/disable, enable, confirm, sign-out, send-reset and reset-mfa

use axum::Json;
use axum::extract::State;

use super::gate::{Writer, WriterRefusals};
use super::user::{AdminUserBody, id_of, user_body};
use crate::error::{ApiError, ErrorBody};
use crate::path::Segment;
use crate::state::HttpState;

/// Disables an account: its sessions end, its links and queued mails are void, and nobody
/// signs in until it is enabled. Done twice it is done once.
#[utoipa::path(
    post,
    path = "/users/{id}/disable",
    operation_id = "admin_disable_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user as it is now", body = AdminUserBody),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "`last_admin`: the last active administrator stays", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn disable(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<Json<AdminUserBody>, ApiError> {
    let id = id_of(&id)?;
    state.auth().disable_user(&by, &id).await?;
    Ok(Json(user_body(&id, &state).await?))
}

/// Enables an account that was disabled. Done twice it is done once.
#[utoipa::path(
    post,
    path = "/users/{id}/enable",
    operation_id = "admin_enable_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user as it is now", body = AdminUserBody),
        (status = 404, description = "There is none", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn enable(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<Json<AdminUserBody>, ApiError> {
    let id = id_of(&id)?;
    state.auth().enable_user(&by, &id).await?;
    Ok(Json(user_body(&id, &state).await?))
}

/// Makes the address count as confirmed. Done twice it is done once.
#[utoipa::path(
    post,
    path = "/users/{id}/confirm",
    operation_id = "admin_confirm_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user as it is now", body = AdminUserBody),
        (status = 404, description = "There is none", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn confirm(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<Json<AdminUserBody>, ApiError> {
    let id = id_of(&id)?;
    state.auth().confirm_user(&by, &id).await?;
    Ok(Json(user_body(&id, &state).await?))
}

/// Ends all of a user's sessions.
#[utoipa::path(
    post,
    path = "/users/{id}/sign-out",
    operation_id = "admin_sign_out_user",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user as it is now", body = AdminUserBody),
        (status = 404, description = "There is none", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn sign_out(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<Json<AdminUserBody>, ApiError> {
    let id = id_of(&id)?;
    state.auth().sign_out_user(&by, &id).await?;
    Ok(Json(user_body(&id, &state).await?))
}

/// Mails the link to choose a password; to somebody who was invited and has chosen none yet,
/// the invitation again. Nothing is mailed to an account that is disabled.
#[utoipa::path(
    post,
    path = "/users/{id}/send-reset",
    operation_id = "admin_send_reset",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user as it is now", body = AdminUserBody),
        (status = 404, description = "There is none", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn send_reset(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<Json<AdminUserBody>, ApiError> {
    let id = id_of(&id)?;
    state.auth().send_reset(&by, &id).await?;
    Ok(Json(user_body(&id, &state).await?))
}

/// Takes the second factor and the recovery codes off an account whose owner has lost them,
/// who is told by mail. Done twice it is done once.
#[utoipa::path(
    post,
    path = "/users/{id}/reset-mfa",
    operation_id = "admin_reset_mfa",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user as it is now", body = AdminUserBody),
        (status = 404, description = "There is none", body = ErrorBody),
        WriterRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn reset_mfa(
    State(state): State<HttpState>,
    Writer(by): Writer,
    Segment(id): Segment,
) -> Result<Json<AdminUserBody>, ApiError> {
    let id = id_of(&id)?;
    state.auth().reset_user_mfa(&by, &id).await?;
    Ok(Json(user_body(&id, &state).await?))
}
