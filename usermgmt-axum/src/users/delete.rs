//! DELETE /id and DELETE /identifier

use axum::extract::State;
use axum::http::StatusCode;
use usermgmt_core::Client;
use usermgmt_core::model::user::User;

use super::caller::Caller;
use super::find::{ById, ByIdentifier};
use super::user::user_by_id;
use crate::body::QueryFields;
use crate::client::ClientInfo;
use crate::error::{ApiError, ErrorBody};
use crate::state::HttpState;

/// Deletes a user.
#[utoipa::path(
    delete,
    path = "/id",
    tag = "users",
    operation_id = "users_delete_by_id",
    params(("user_id" = String, Query, description = "The user's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "No id", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 403, description = "The user is an admin, and the key may not change admins", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "`last_admin`: the last active administrator stays", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn by_id(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    QueryFields(query): QueryFields<ById>,
) -> Result<StatusCode, ApiError> {
    let user = user_by_id(&query.user_id, &state).await?;
    delete(&caller, &client, &user, &state).await
}

/// Deletes a user.
#[utoipa::path(
    delete,
    path = "/identifier",
    tag = "users",
    operation_id = "users_delete_by_identifier",
    params(("identifier" = String, Query, description = "Address or username")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "No identifier", body = ErrorBody),
        (status = 401, description = "No service key, or none that is good", body = ErrorBody),
        (status = 403, description = "The user is an admin, and the key may not change admins", body = ErrorBody),
        (status = 404, description = "There is none", body = ErrorBody),
        (status = 409, description = "`last_admin`: the last active administrator stays", body = ErrorBody),
    ),
    security(("service_key" = [])),
)]
pub(crate) async fn by_identifier(
    State(state): State<HttpState>,
    ClientInfo(client): ClientInfo,
    caller: Caller,
    QueryFields(query): QueryFields<ByIdentifier>,
) -> Result<StatusCode, ApiError> {
    let user = state.auth().find_user(&query.identifier).await?;
    let user = user.ok_or_else(ApiError::user_not_found)?;
    delete(&caller, &client, &user, &state).await
}

async fn delete(
    caller: &Caller,
    client: &Client,
    user: &User,
    state: &HttpState,
) -> Result<StatusCode, ApiError> {
    caller.may_change(user)?;
    state.auth().remove_user(&caller.origin(client), &user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
